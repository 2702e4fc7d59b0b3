package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/haetae/haetae"
)

// column is a field of a flow log. Those that are known but not kept are other.
type column uint8

const (
	strange column = iota // of a name that is not known
	other
	account
	region
	vpc
	subnet
	instance
	nic
	hub
	attachment
	srcAddr
	dstAddr
	pktSrc
	pktDst
	srcPort
	dstPort
	protocol
	flags
	packets
	octets
	start
	end
	action
	status
	reason
	direction
	way
	srcService
	dstService
)

// columnOf knows the fields of VPC flow logs up to version 10
// (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html) and of
// transit gateway flow logs
// (https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html). Parquet files
// write their names with underscores.
func columnOf(name string) column {
	switch strings.ReplaceAll(name, "_", "-") {
	case "account-id":
		return account
	case "region":
		return region
	case "vpc-id":
		return vpc
	case "subnet-id":
		return subnet
	case "instance-id":
		return instance
	case "interface-id":
		return nic
	case "tgw-id":
		return hub
	case "tgw-attachment-id":
		return attachment
	case "srcaddr":
		return srcAddr
	case "dstaddr":
		return dstAddr
	case "pkt-srcaddr":
		return pktSrc
	case "pkt-dstaddr":
		return pktDst
	case "srcport":
		return srcPort
	case "dstport":
		return dstPort
	case "protocol":
		return protocol
	case "tcp-flags":
		return flags
	case "packets":
		return packets
	case "bytes":
		return octets
	case "start":
		return start
	case "end":
		return end
	case "action":
		return action
	case "log-status":
		return status
	case "reject-reason":
		return reason
	case "flow-direction":
		return direction
	case "traffic-path":
		return way
	case "pkt-src-aws-service":
		return srcService
	case "pkt-dst-aws-service":
		return dstService
	case "version", "type", "az-id", "sublocation-type", "sublocation-id", "resource-id", "encryption-status",
		"ecs-cluster-arn", "ecs-cluster-name", "ecs-container-instance-arn", "ecs-container-instance-id", "ecs-container-id",
		"ecs-second-container-id", "ecs-service-name", "ecs-task-definition-arn", "ecs-task-arn", "ecs-task-id",
		"resource-type", "tgw-src-vpc-account-id", "tgw-dst-vpc-account-id", "tgw-src-vpc-id", "tgw-dst-vpc-id",
		"tgw-src-subnet-id", "tgw-dst-subnet-id", "tgw-src-eni", "tgw-dst-eni", "tgw-src-az-id", "tgw-dst-az-id",
		"tgw-pair-attachment-id", "packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded",
		"packets-lost-ttl-expired":
		return other
	}
	return strange
}

// The formats that a flow log has when nobody chose one.
const (
	vpcFormat = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	hubFormat = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id " +
		"tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id " +
		"tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type " +
		"packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region " +
		"flow-direction pkt-src-aws-service pkt-dst-aws-service"
)

// FlowFormat reads the LogFormat of a flow log, "${version} ${vpc-id} …", or the
// same names without braces.
func FlowFormat(s string) ([]string, error) {
	var out []string
	for f := range strings.FieldsSeq(strings.NewReplacer("${", " ", "}", " ").Replace(s)) {
		if columnOf(f) == strange {
			return nil, &haetae.Error{Code: haetae.Invalid, Err: fmt.Errorf("%q is no field of a flow log", f),
				Hint: "Give the LogFormat that aws ec2 describe-flow-logs prints."}
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, &haetae.Error{Code: haetae.Invalid, Err: errors.New("a format names at least one field"),
			Hint: "Give the LogFormat that aws ec2 describe-flow-logs prints."}
	}
	return out, nil
}

// Flows reads the flow logs in files and folders and gives each record to take,
// those without data too. A record is valid until take returns; its texts may be
// kept. format has the fields of logs without a header line that are not of the
// default format, nil when there are none. An error is one of take, of the
// context, or of a path that cannot be opened; what cannot be read of the files
// is in the Stats, which are there with an error too.
//
// A record has nothing that tells it from an equal one, so that a record that is
// in two files counts twice; a file that several paths name is read once.
func Flows(ctx context.Context, paths []string, format []string, take func(*haetae.Flow) error) (*Stats, error) {
	s := &Stats{Problems: []Problem{}}
	err := walk(paths, s, func(path string, info fs.FileInfo) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			s.unread(File, path, 0, "%v", err)
			return nil
		}
		defer f.Close()
		return readFlows(ctx, f, info.Size(), path, format, s, take)
	})
	return s, err
}

// taken is an error of whoever takes the records, to be told from those of a file.
type taken struct{ error }

// Unwrap returns the error.
func (t taken) Unwrap() error { return t.error }

// readFlows reads one file of whatever format.
func readFlows(ctx context.Context, f io.Reader, size int64, name string, format []string, s *Stats, take func(*haetae.Flow) error) error {
	formats := []Format{flowFormat()}
	in := &input{ctx: ctx, opt: ReadOptions{FlowFormat: format}, stats: s, take: Taker{Flow: take}, formats: formats, only: &formats[0], name: name, id: name}
	in.account, in.region = placeOf(name)
	return in.read(f, size, maxUnpacked)
}

// flowFormat is what VPCs and transit gateways write; Parquet files are told from
// their first bytes.
func flowFormat() Format {
	return Format{Log: haetae.VPCFlow, Title: "flow log", line: flowLine, read: func(in *input, _ *object, text []byte, _ *mail) error {
		p := in.flows()
		p.line = in.number
		return p.record(text)
	}}
}

// flowLine tells whether a line is a header of a flow log or of a format that AWS
// writes by itself.
func flowLine(line []byte) bool {
	var p flowParser
	line = withoutStamp(line)
	if len(line) == 0 {
		return false
	}
	p.stats = &Stats{}
	if p.header(line) {
		return len(p.columns) > 1
	}
	p.guess(line)
	return p.columns != nil
}

// placeOf reads the account and the region that AWS writes into the keys of
// objects, for records that have them not: …/AWSLogs/ACCOUNT/SERVICE/REGION/… or
// ACCOUNT_SERVICE_REGION_… at the end
// (https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html).
func placeOf(key string) (account, region string) {
	parts := strings.Split(filepath.ToSlash(key), "/")
	name := strings.Split(parts[len(parts)-1], "_")
	if len(name) > 3 && isAccount(name[0]) && isRegion(name[2]) {
		return name[0], name[2]
	}
	for i, part := range parts[:len(parts)-1] {
		if !isAccount(part) {
			continue
		}
		for _, next := range parts[i+1 : min(len(parts), i+4)] {
			if isRegion(next) {
				return part, next
			}
		}
		return part, ""
	}
	return "", ""
}

// isAccount tells whether a text is the id of an account.
func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// isRegion tells whether a text is made like the name of a region: "us-gov-west-1".
func isRegion(text string) bool {
	i := strings.LastIndexByte(text, '-')
	if i < 4 || len(text) > 24 || len(text) != i+2 || text[i+1] < '1' || text[i+1] > '9' || text[2] != '-' {
		return false
	}
	return strings.Trim(text[:i], "abcdefghijklmnopqrstuvwxyz-") == ""
}
