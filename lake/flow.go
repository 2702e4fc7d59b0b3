package lake

import (
	"fmt"
	"net/netip"

	"github.com/haetae/haetae"
)

// flowRow is a record of a flow log as its file has it: the columns of AWS's table, NULL
// where the record did not have the field. Numbers of 64 bits are signed, as Athena's
// BIGINT is; what is above comes back the same.
type flowRow struct {
	Time    int64  `parquet:"haetae_time,delta,timestamp(microsecond)"`
	Key     string `parquet:"haetae_file,dict"` // of the object
	Number  int64  `parquet:"haetae_line,delta"`
	Place   string `parquet:"haetae_place,optional,dict"` // the file, where it is not the key
	Line    int64  `parquet:"haetae_place_line,delta"`
	Has     int32  `parquet:"haetae_has,dict"`
	Account string `parquet:"account_id,optional,dict"`
	Region  string `parquet:"region,optional,dict"`

	VPC       string `parquet:"vpc_id,optional,dict"`
	Subnet    string `parquet:"subnet_id,optional,dict"`
	Instance  string `parquet:"instance_id,optional,dict"`
	Interface string `parquet:"interface_id,optional,dict"`
	Hub       string `parquet:"tgw_id,optional,dict"`
	Attach    string `parquet:"tgw_attachment_id,optional,dict"`

	Src     string `parquet:"srcaddr,optional,dict"`
	Dst     string `parquet:"dstaddr,optional,dict"`
	PktSrc  string `parquet:"pkt_srcaddr,optional,dict"`
	PktDst  string `parquet:"pkt_dstaddr,optional,dict"`
	SrcPort *int32 `parquet:"srcport,optional,dict"`
	DstPort *int32 `parquet:"dstport,optional,dict"`
	Proto   *int32 `parquet:"protocol,optional,dict"`
	Flags   *int32 `parquet:"tcp_flags,optional,dict"`
	Packets *int64 `parquet:"packets,optional,dict"`
	Bytes   *int64 `parquet:"bytes,optional,dict"`
	Start   *int64 `parquet:"start,optional,dict"`
	End     *int64 `parquet:"end,optional,dict"`

	Action     string `parquet:"action,optional,dict"`
	Status     string `parquet:"log_status,optional,dict"`
	Reason     string `parquet:"reject_reason,optional,dict"`
	Direction  string `parquet:"flow_direction,optional,dict"`
	Path       *int32 `parquet:"traffic_path,optional,dict"`
	SrcService string `parquet:"pkt_src_aws_service,optional,dict"`
	DstService string `parquet:"pkt_dst_aws_service,optional,dict"`
}

// flowNumbers are the numbers that the pointers of a row point to.
type flowNumbers struct {
	srcPort, dstPort, proto, flags, path int32
	packets, bytes, start, end           int64
}

// names makes texts of addresses, each once.
type names map[netip.Addr]string

func (n names) of(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	s, ok := n[a]
	if !ok {
		if len(n) > 1<<16 {
			clear(n)
		}
		s = a.String()
		n[a] = s
	}
	return s
}

// set fills in a row. at is the time by which the record is filed.
func (r *flowRow) set(f *haetae.Flow, at int64, n *flowNumbers, addr names) {
	*n = flowNumbers{int32(f.SrcPort), int32(f.DstPort), int32(f.Proto), int32(f.TCPFlags), int32(f.Path), int64(f.Packets), int64(f.Bytes), f.Start, f.End}
	*r = flowRow{Time: at, Key: f.Key, Number: int64(f.Number), Line: int64(f.Place.Line), Has: int32(f.Has), Account: f.Account, Region: f.Region,
		VPC: f.VPC, Subnet: f.Subnet, Instance: f.Instance, Interface: f.Interface, Hub: f.Hub, Attach: f.Attach,
		Src: addr.of(f.Src), Dst: addr.of(f.Dst), PktSrc: addr.of(f.PktSrc), PktDst: addr.of(f.PktDst),
		Action: string(f.Action), Status: string(f.Status), Reason: f.Reason, Direction: f.Direction, SrcService: f.SrcService, DstService: f.DstService}
	if f.Place.File != f.Key {
		r.Place = f.Place.File
	}
	r.SrcPort, r.DstPort = known(f, haetae.FlowSrcPort, &n.srcPort), known(f, haetae.FlowDstPort, &n.dstPort)
	r.Proto, r.Flags, r.Path = known(f, haetae.FlowProto, &n.proto), known(f, haetae.FlowFlags, &n.flags), known(f, haetae.FlowPath, &n.path)
	r.Packets, r.Bytes = known(f, haetae.FlowPackets, &n.packets), known(f, haetae.FlowBytes, &n.bytes)
	r.Start, r.End = known(f, haetae.FlowStart, &n.start), known(f, haetae.FlowEnd, &n.end)
}

// known is a number when the record has it, else nil.
func known[T any](f *haetae.Flow, field haetae.FlowFields, n *T) *T {
	if !f.Known(field) {
		return nil
	}
	return n
}

// flow is the record of a row.
func (r *flowRow) flow() (haetae.Flow, error) {
	f := haetae.Flow{Place: haetae.Place{File: r.Place, Line: int(r.Line)}, Key: r.Key, Number: int(r.Number), Has: haetae.FlowFields(r.Has),
		Account: r.Account, Region: r.Region, VPC: r.VPC, Subnet: r.Subnet, Instance: r.Instance, Interface: r.Interface, Hub: r.Hub, Attach: r.Attach,
		SrcPort: uint16(value0(r.SrcPort)), DstPort: uint16(value0(r.DstPort)), Proto: uint8(value0(r.Proto)), TCPFlags: uint8(value0(r.Flags)), Path: uint8(value0(r.Path)),
		Packets: uint64(value0(r.Packets)), Bytes: uint64(value0(r.Bytes)), Start: value0(r.Start), End: value0(r.End),
		Action: haetae.FlowAction(r.Action), Status: haetae.FlowStatus(r.Status), Reason: r.Reason, Direction: r.Direction,
		SrcService: r.SrcService, DstService: r.DstService}
	if f.Place.File == "" {
		f.Place.File = r.Key
	}
	for _, a := range []struct {
		to   *netip.Addr
		text string
	}{{&f.Src, r.Src}, {&f.Dst, r.Dst}, {&f.PktSrc, r.PktSrc}, {&f.PktDst, r.PktDst}} {
		if a.text == "" {
			continue
		}
		var err error
		if *a.to, err = netip.ParseAddr(a.text); err != nil {
			return f, fmt.Errorf("record %d of %s: %w", f.Number, f.Key, err)
		}
	}
	return f, nil
}

func value0[T any](p *T) (zero T) {
	if p == nil {
		return zero
	}
	return *p
}
