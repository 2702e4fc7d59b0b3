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

// file is what readers need of a log file.
type file interface {
	io.Reader
	io.ReaderAt
}

// readFlows reads one file of whatever format.
func readFlows(ctx context.Context, f file, size int64, name string, format []string, s *Stats, take func(*haetae.Flow) error) error {
	p := &flowParser{name: name, stats: s, take: take, ctx: ctx, texts: map[string]string{}, limit: maxUnpacked}
	p.account, p.region = placeOf(name)
	if format != nil {
		p.use(format)
	}
	err := p.file(f, size)
	var t taken
	if errors.As(err, &t) {
		return t.error
	}
	if err != nil {
		s.unread(File, name, p.line, "%v", err)
	}
	return nil
}

// placeOf reads the account and the region that AWS writes into the names of the
// objects, for records that have them not: ACCOUNT_vpcflowlogs_REGION_…
// (https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html).
func placeOf(name string) (account, region string) {
	part := strings.Split(filepath.Base(name), "_")
	if len(part) < 4 || part[1] != "vpcflowlogs" || len(part[0]) != 12 {
		return "", ""
	}
	return part[0], part[2]
}
