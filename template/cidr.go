package template

import (
	"math/big"
	"net/netip"
	"strconv"
)

// cidr evaluates Fn::Cidr: the first count blocks with cidrBits host bits
// inside an address block.
func cidr(e *evaluator, arg *node, line int) any {
	if !arg.isList() || len(arg.items) < 2 || len(arg.items) > 3 {
		return misused(e, line, "Fn::Cidr", "an address block, a count and a number of bits")
	}
	block, why := e.text(vpcBlock(e, arg.items[0]))
	if why != nil {
		return unresolved("%s", why.Detail)
	}
	prefix, err := netip.ParsePrefix(block)
	if err != nil {
		return misused(e, line, "Fn::Cidr", "an address block such as 10.0.0.0/16")
	}
	numbers := [2]int{0, 8} // 8 bits when not given, for IPv6 64
	if prefix.Addr().Is6() {
		numbers[1] = 64
	}
	for i, item := range arg.items[1:] {
		t, why := e.text(item)
		if why != nil {
			return unresolved("%s", why.Detail)
		}
		n, err := strconv.Atoi(t)
		if err != nil {
			return misused(e, line, "Fn::Cidr", "whole numbers as count and bits")
		}
		numbers[i] = n
	}
	count, hostBits := numbers[0], numbers[1]
	size := prefix.Addr().BitLen() - hostBits
	if count < 1 || count > 256 || hostBits < 1 || size < prefix.Bits() || size-prefix.Bits() < 9 && count > 1<<(size-prefix.Bits()) {
		return misused(e, line, "Fn::Cidr", "a count from 1 to 256 of blocks that fit into the address block")
	}
	start := new(big.Int).SetBytes(prefix.Masked().Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(hostBits))
	out := make([]any, count)
	buf := make([]byte, prefix.Addr().BitLen()/8)
	for i := range out {
		a, _ := netip.AddrFromSlice(start.FillBytes(buf))
		out[i] = netip.PrefixFrom(a, size).String()
		start.Add(start, step)
	}
	return out
}

// vpcBlock follows {"Fn::GetAtt": [VPC, CidrBlock]} to the block that the VPC
// declares: the attribute is what the property says.
func vpcBlock(e *evaluator, n *node) *node {
	name, arg, ok := n.single()
	if !ok || name != "Fn::GetAtt" || !arg.isList() || len(arg.items) != 2 || arg.items[1].text() != "CidrBlock" {
		return n
	}
	r := e.index[arg.items[0].text()]
	if r == nil || r.node.get("Type").str() != "AWS::EC2::VPC" {
		return n
	}
	block := r.node.path("Properties", "CidrBlock")
	// A text, a parameter or a mapping; anything else could lead back here.
	switch f, _, _ := block.single(); {
	case block == nil, block.kind != scalarNode && f != "Ref" && f != "Fn::FindInMap":
		return n
	}
	return block
}
