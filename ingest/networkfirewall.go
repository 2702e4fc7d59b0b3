package ingest

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/haetae/haetae"
)

// firewallFormat is what AWS Network Firewall writes: alerts, flows and TLS, each
// an event of Suricata's EVE within an envelope
// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html).
func firewallFormat() Format {
	return Format{Log: haetae.NetworkFirewall, Title: "Network Firewall log", read: (*input).firewallRecord,
		object: func(o *object) bool { return o.has("firewall_name", "event_timestamp") && o.isObject("event") }}
}

// firewallRecord reads one record.
func (in *input) firewallRecord(o *object, _ []byte, m *mail) error {
	var r struct {
		Name  string `json:"firewall_name"`
		Zone  string `json:"availability_zone"`
		Stamp word   `json:"event_timestamp"`
		Event struct {
			Time  string `json:"timestamp"`
			Type  string `json:"event_type"`
			Src   string `json:"src_ip"`
			Dst   string `json:"dest_ip"`
			Alert *struct {
				Action    string `json:"action"`
				Signature string `json:"signature"`
			} `json:"alert"`
			HTTP struct {
				Agent string `json:"http_user_agent"`
			} `json:"http"`
		} `json:"event"`
	}
	if !in.decode(o.raw, &r) {
		return nil
	}
	at, err := eveTime(r.Event.Time)
	if err != nil {
		// The envelope has seconds since 1970.
		n, bad := strconv.ParseInt(string(r.Stamp), 10, 64)
		if at = instant(n * 1000); bad != nil || n > maxTime || at.IsZero() {
			return in.bad("%v", err)
		}
	}
	if r.Event.Type == "" {
		return in.bad("an event without event_type")
	}
	e := &haetae.Event{Log: haetae.NetworkFirewall, Time: at, Action: "network-firewall:" + r.Event.Type, Raw: o.raw}
	if n := len(r.Zone); n > 1 && isRegion(r.Zone[:n-1]) {
		e.Region = r.Zone[:n-1]
	}
	if a := r.Event.Alert; a != nil {
		switch a.Action {
		case "blocked":
			e.Outcome = haetae.CallDenied
		case "allowed":
			e.Outcome = haetae.CallSucceeded
		}
		e.Error = a.Signature
	}
	// The other end is the one that is not of the network; the source where that
	// cannot be told.
	src, dst := peerOf(r.Event.Src), peerOf(r.Event.Dst)
	e.Peer = src
	if inside(src.Addr) && dst.Addr.IsValid() && !inside(dst.Addr) {
		e.Peer = dst
	}
	e.Peer.Agent = r.Event.HTTP.Agent
	if account, region := first(m.account, in.account, in.opt.Account), first(e.Region, m.region, in.region); account != "" && region != "" {
		e.Targets = []string{"arn:" + partitionOf(region) + ":network-firewall:" + region + ":" + account + ":firewall/" + r.Name}
	} else {
		e.Targets = []string{r.Name}
	}
	for _, end := range []string{r.Event.Src, r.Event.Dst} {
		if a, err := netip.ParseAddr(end); err == nil && a != e.Peer.Addr {
			e.Targets = append(e.Targets, end)
		}
	}
	return in.event(e, m)
}

// inside tells whether an address is of a private network.
func inside(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.Is4() && netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

// eveTime reads a time of EVE, whose offset has no colon.
func eveTime(text string) (time.Time, error) {
	at, err := time.Parse("2006-01-02T15:04:05.999999-0700", text)
	if err != nil {
		return when(text)
	}
	return when(at.UTC().Format(time.RFC3339Nano))
}
