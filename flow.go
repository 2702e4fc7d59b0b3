package haetae

import "net/netip"

// FlowFields says which fields of a [Flow] its record had: a port of 0 and a
// port that nobody wrote down are not the same.
type FlowFields uint16

// The fields whose zero value could also be what was recorded.
const (
	FlowProto FlowFields = 1 << iota
	FlowSrcPort
	FlowDstPort
	FlowPackets
	FlowBytes
	FlowStart
	FlowEnd
	FlowFlags
	FlowPath
)

// FlowPorts are the ports of both sides.
const FlowPorts = FlowSrcPort | FlowDstPort

// FlowAction says what security groups and network ACLs did with a flow.
type FlowAction string

// The actions. Records of a transit gateway have none.
const (
	Accepted FlowAction = "ACCEPT"
	Rejected FlowAction = "REJECT"
)

// FlowStatus says whether a record tells of traffic.
type FlowStatus string

// Only a record that is OK tells of traffic. NoFlows says that there was none in
// its time, SkippedFlows that AWS lost some of it.
const (
	FlowOK       FlowStatus = "OK"
	NoFlows      FlowStatus = "NODATA"
	SkippedFlows FlowStatus = "SKIPDATA"
)

// The bits of [Flow.TCPFlags] that AWS records. ACK is there with SYN only.
const (
	FlagFIN = 1
	FlagSYN = 2
	FlagRST = 4
	FlagACK = 16
)

// Flow is one record of a flow log of a VPC or a transit gateway: packets of one
// 5-tuple that one network interface, or one attachment, saw in one direction in
// an aggregation interval of at most ten minutes. Texts are "" and addresses are
// the zero [netip.Addr] where the record has none. Fields are as AWS describes
// them (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html,
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html).
type Flow struct {
	Place Place // of the record
	// Key and Number name the record, which has no id of its own: the key of its
	// object and which record of it it is, from 1.
	Key    string
	Number int
	Has    FlowFields

	Account   string // of the interface; of the transit gateway
	Region    string
	VPC       string
	Subnet    string
	Instance  string
	Interface string
	Hub       string // a transit gateway; "" in a VPC's log
	Attach    string // the attachment of the transit gateway that saw it

	// Src and Dst are those of the interface's own layer: its primary private
	// address stands for all that it has. PktSrc and PktDst are those of the packet.
	Src, Dst         netip.Addr
	PktSrc, PktDst   netip.Addr
	SrcPort, DstPort uint16 // 0 for protocols without ports
	Proto            uint8  // as IANA numbers them
	TCPFlags         uint8  // of all packets of the record together

	Packets, Bytes uint64
	Start, End     int64 // Unix seconds: of the first and the last packet

	Action    FlowAction
	Status    FlowStatus
	Reason    string // why it was rejected, where AWS says so: "BPA" and the like
	Direction string // "ingress" or "egress", as the interface sees it
	Path      uint8  // the way that egress traffic takes: 1 to 8
	// SrcService and DstService name the AWS service that has the address.
	SrcService, DstService string
}

// Known tells whether the record had the fields.
func (f *Flow) Known(fields FlowFields) bool { return f.Has&fields == fields }

// Packet returns the addresses of the packets as the interface got or sent them.
func (f *Flow) Packet() (src, dst netip.Addr) {
	src, dst = f.PktSrc, f.PktDst
	if !src.IsValid() {
		src = f.Src
	}
	if !dst.IsValid() {
		dst = f.Dst
	}
	return src, dst
}
