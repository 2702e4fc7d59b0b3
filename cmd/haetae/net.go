package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/schema"
)

func (a *app) netCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "net",
		Short: "Where packets can go, and why not",
		Long: `Answers questions about the network of a snapshot: exact packet sets, forward
and reply, through everything that decides on the way. docs/network-support.md
lists what is modelled; what is not known makes an answer DependsOn.`,
		Example: `  haetae net reach internet i-0a1b2c3d4e5f60718 --port 443 --from sample
  haetae net exposure --from sample`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.netReachCommand(), a.netDNSCommand(), a.netExposureCommand(), a.netMatrixCommand(), a.netChainCommand(), a.netFlowsCommand(), a.netIntentsCommand(), a.netMapCommand(), a.netEdgesCommand())
	return cmd
}

// reachFlags are the flags of haetae net reach.
type reachFlags struct {
	sources
	proto, port, srcPort, icmp string
	all, hypothetical, batch   bool
	opens                      bool
	output                     string
}

func (a *app) netReachCommand() *cobra.Command {
	var f reachFlags
	cmd := &cobra.Command{
		Use:   "reach SRC DST",
		Short: "Can packets get from SRC to DST, and be answered; if not, everything that stops them",
		Long: `Walks the packets from SRC to DST and their answers back. SRC and DST are a
resource by id or ARN, internet, tag:KEY=VALUE, an address or range, or an
address with where it is: 10.0.1.5@vpc-1, 10.9.0.0/16@vgw-1. Exit code 1 means
Blocked, 3 that facts are missing to decide.

With --batch, questions come as JSON lines on stdin and answers go as JSON lines
to stdout, in order; docs/network.md has the format.`,
		Example: `  haetae net reach internet i-0a1b2c3d4e5f60718 --port 443 --from sample
  haetae net reach tag:tier=web arn:aws:rds:eu-west-1:111122223333:db:orders --port 5432
  haetae net reach internet i-0a1b2c3d4e5f60718 --port 443 --from sample --output svg=reach.svg
  haetae net reach --batch --from answers/ < questions.jsonl`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.batch && len(args) > 0:
				return usagef("--batch reads its questions from stdin")
			case !f.batch && len(args) != 2:
				return usagef("two ends are meant: haetae net reach SRC DST")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.netReach(cmd.Context(), &f, args) },
	}
	f.flags(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.proto, "proto", "", "tcp, udp, icmp, icmpv6, a number or any (default: tcp with --port, else any)")
	fl.StringVar(&f.port, "port", "", "destination port or range: 443, 8000-8100")
	fl.StringVar(&f.srcPort, "src-port", "", "source port or range")
	fl.StringVar(&f.icmp, "icmp", "", "TYPE or TYPE/CODE of ICMP")
	fl.BoolVar(&f.all, "all-packets", false, "ask whether every packet gets through, not whether some does")
	fl.BoolVar(&f.hypothetical, "hypothetical", false, "as if an address that nobody has were one of a host")
	fl.BoolVar(&f.batch, "batch", false, "JSON lines in, JSON lines out")
	fl.BoolVar(&f.opens, "also-opens", false, "with --batch: what the changes of each answer would open besides, which takes some ten times as long")
	fl.StringVarP(&f.output, "output", "o", "table", "table, json, svg (a picture) or svg=FILE")
	return cmd
}

// theNetwork reads the sources and builds their network.
func (a *app) theNetwork(ctx context.Context, s *sources) (*network.World, *haetae.Snapshot, error) {
	sch, err := schema.Load()
	if err != nil {
		return nil, nil, fmt.Errorf("built-in schema: %w", err)
	}
	p := a.progress()
	snap, err := a.load(ctx, s, sch, p)
	p.Close()
	if err != nil {
		return nil, nil, err
	}
	a.brokenInputs(snap)
	return network.Build(graph.New(sch, snap)), snap, nil
}

// whole tells people what was not listed, and scripts that something was not.
func (a *app) whole(w *network.World) error { return a.lacking(w.Missing()) }

func (a *app) lacking(list []string) error {
	for _, s := range list {
		a.advise("haetae: not known: %s", s)
	}
	if len(list) > 0 {
		return exit(exitIncomplete)
	}
	return nil
}

func (a *app) netReach(ctx context.Context, f *reachFlags, args []string) error {
	format, file, err := pictureOr(f.output, "table", "json")
	if err != nil {
		return err
	}
	if f.batch && format == "svg" {
		return usagef("--batch answers in JSON lines, not in pictures")
	}
	if f.batch {
		w, _, err := a.theNetwork(ctx, &f.sources)
		if err != nil {
			return err
		}
		return a.netBatch(ctx, w, f.opens)
	}
	q, err := f.question(args)
	if err != nil {
		return usage{err}
	}
	w, _, err := a.theNetwork(ctx, &f.sources)
	if err != nil {
		return err
	}
	answer, err := w.Reach(q)
	if err != nil {
		return err
	}
	switch format {
	case "json":
		e := encoder(a.out)
		e.SetIndent("", " ")
		err = printed(e.Encode(batchAnswer{Answer: answer, AlsoOpens: w.Opens(answer)}))
	case "svg":
		err = a.picture(answer.Picture(q, a.lang), file)
	default:
		err = a.printReach(q, answer, w.Opens(answer))
	}
	switch {
	case err != nil:
		return err
	case answer.Verdict == network.Blocked:
		return exit(exitFound)
	case answer.Verdict == network.DependsOn && len(answer.DependsOn.Missing) > 0:
		return exit(exitIncomplete)
	}
	return nil
}

// pictureOr reads an output: svg, svg=FILE or one of the formats.
func pictureOr(output string, formats ...string) (format, file string, err error) {
	format, file, toFile := strings.Cut(output, "=")
	if err := formatOf(format, append(formats, "svg")...); err != nil {
		return "", "", err
	}
	if toFile && (format != "svg" || file == "") {
		return "", "", usagef("--output %s: only svg=FILE goes to a file", output)
	}
	return format, file, nil
}

// picture writes a picture to a file, or to stdout when none is named.
func (a *app) picture(svg []byte, file string) error {
	write := func(w io.Writer) error {
		_, err := w.Write(svg)
		return err
	}
	if file == "" {
		return printed(write(a.out))
	}
	return writeFile(file, write)
}

// question is the question of the flags, which go through the same reader as a
// line of a batch.
func (f *reachFlags) question(args []string) (network.Question, error) {
	q := map[string]any{"src": endOf(args[0]), "dst": endOf(args[1])}
	proto := f.proto
	if proto == "" && (f.port != "" || f.srcPort != "") {
		proto = "tcp"
	}
	for k, v := range map[string]string{"proto": proto, "port": f.port, "srcPort": f.srcPort} {
		if v != "" {
			q[k] = v
		}
	}
	if f.icmp != "" {
		typ, code, both := strings.Cut(f.icmp, "/")
		m := map[string]any{"type": json.Number(typ)}
		if both {
			m["code"] = json.Number(code)
		}
		q["icmp"] = m
	}
	if f.all {
		q["quantifier"] = "all"
	}
	if f.hypothetical {
		q["hypothetical"] = true
	}
	line, err := json.Marshal(q)
	if err != nil {
		return network.Question{}, fmt.Errorf("--icmp %s is not TYPE or TYPE/CODE", f.icmp)
	}
	return network.ParseQuestion(line)
}

// endOf reads an end as it is written on the command line.
func endOf(s string) any {
	e := network.ParseEnd(s)
	if e.Address == "" {
		return e.ID
	}
	m := map[string]any{"address": e.Address}
	for k, v := range map[string]string{"vpc": e.VPC, "subnet": e.Subnet, "via": e.Via} {
		if v != "" {
			m[k] = v
		}
	}
	return m
}

// batchAnswer is one line of the output of a batch.
type batchAnswer struct {
	ID json.RawMessage `json:"id,omitempty"`
	*network.Answer
	AlsoOpens []network.Opened `json:"alsoOpens,omitzero"` // by the changes of the answer
	Error     string           `json:"error,omitempty"`
}

// maxQuestion bounds a line of a batch, in bytes.
const maxQuestion = 1 << 20

// netBatch answers questions line by line.
func (a *app) netBatch(ctx context.Context, w *network.World, opens bool) error {
	in := bufio.NewReaderSize(a.in, 64<<10)
	out := bufio.NewWriter(a.out)
	e := encoder(out)
	for {
		line, tooLong, err := readLine(in)
		if len(strings.TrimSpace(string(line))) > 0 || tooLong {
			if werr := e.Encode(answerLine(w, line, tooLong, opens)); werr != nil {
				return printed(werr)
			}
			// Whoever asks one question at a time waits for its answer.
			if in.Buffered() == 0 {
				if werr := out.Flush(); werr != nil {
					return printed(werr)
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return printed(out.Flush())
		}
		if err != nil {
			return errors.Join(fmt.Errorf("read stdin: %w", err), out.Flush())
		}
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), out.Flush())
		}
	}
}

// readLine reads a line; of one that is too long, only its beginning.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) <= maxQuestion {
			line = append(line, part...)
		} else {
			tooLong = true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}

func answerLine(w *network.World, line []byte, tooLong, opens bool) batchAnswer {
	if tooLong {
		return batchAnswer{Error: fmt.Sprintf("the line is longer than %d bytes", maxQuestion)}
	}
	q, err := network.ParseQuestion(line)
	out := batchAnswer{ID: q.ID}
	if err == nil {
		out.Answer, err = w.Reach(q)
	}
	if err != nil {
		out.Answer, out.Error = nil, err.Error()
		return out
	}
	if opens {
		out.AlsoOpens = w.Opens(out.Answer)
	}
	return out
}

// printReach prints an answer for people.
func (a *app) printReach(q network.Question, r *network.Answer, opens []network.Opened) error {
	var b strings.Builder
	words := map[network.Verdict]string{
		network.Reachable: a.say("Reachable", "도달 가능"), network.Blocked: a.say("Blocked", "차단됨"), network.DependsOn: a.say("Depends on", "조건부"),
	}
	what := ""
	for _, s := range []string{string(q.Proto), string(q.Port)} {
		if s != "" {
			what += " " + s
		}
	}
	fmt.Fprintf(&b, "%s → %s%s: %s\n", q.Src, q.Dst, what, words[r.Verdict])
	var rows [][]string
	for _, d := range []struct {
		name string
		path network.Path
	}{{a.say("forward", "가는 길"), r.Forward}, {a.say("reply", "오는 길"), r.Reply}} {
		for _, h := range d.path.Hops {
			mark := "✓"
			if !h.Passed {
				mark = "✗"
			}
			rows = append(rows, []string{d.name, mark, h.Kind, h.Resource, h.Rule})
		}
	}
	if _, err := fmt.Fprintln(a.out, b.String()); err != nil {
		return printed(err)
	}
	if len(rows) > 0 {
		if err := grid(a.out, []string{a.say("way", "방향"), "", a.say("kind", "종류"), a.say("resource", "리소스"), a.say("rule", "규칙")}, rows); err != nil {
			return err
		}
	}
	return a.printReasons(r, opens)
}

// printReasons prints what stops packets and how to open the way, what is
// missing, and which packets get through.
func (a *app) printReasons(r *network.Answer, opens []network.Opened) error {
	if len(r.Blockers) > 0 {
		fmt.Fprintf(a.out, "\n%s\n", a.say("What stops it, in path order", "차단 원인(경로 순서)"))
		var rows [][]string
		for _, x := range r.Blockers {
			rows = append(rows, []string{x.Code, x.Direction, x.Resource, x.Rule, x.Fix})
		}
		if err := grid(a.out, []string{a.say("code", "코드"), a.say("way", "방향"), a.say("resource", "리소스"), a.say("rule", "규칙"), a.say("fix", "조치")}, rows); err != nil {
			return err
		}
	}
	if len(r.Changes) > 0 {
		fmt.Fprintf(a.out, "\n%s\n", a.say("The fewest changes that open it (proven on a copy)", "여는 데 필요한 최소 변경(사본에서 검증됨)"))
		for _, c := range r.Changes {
			fmt.Fprintf(a.out, "  %s\n", c)
		}
		a.printOpens(opens)
	}
	for _, d := range []struct {
		title string
		list  []string
	}{{a.say("It depends on", "다음에 달려 있음"), r.DependsOn.Request}, {a.say("What is missing to know", "알려지지 않은 것"), r.DependsOn.Missing}} {
		if len(d.list) == 0 {
			continue
		}
		fmt.Fprintf(a.out, "\n%s\n", d.title)
		for _, s := range d.list {
			fmt.Fprintf(a.out, "  %s\n", s)
		}
	}
	if len(r.Packets) == 0 {
		return nil
	}
	fmt.Fprintf(a.out, "\n%s\n", a.say("Packets that get through", "통과하는 패킷"))
	var rows [][]string
	for _, p := range r.Packets {
		ports := strings.Join(p.Ports, ",")
		if len(p.ICMPTypes) > 0 {
			ports = strings.Join(p.ICMPTypes, ",") + "/" + strings.Join(p.ICMPCodes, ",")
		}
		rows = append(rows, []string{few(p.Src), few(p.Dst), fmt.Sprint(p.Proto), ports, strings.Join(p.SrcPorts, ",")})
	}
	return grid(a.out, []string{a.say("from", "출발"), a.say("to", "도착"), a.say("protocol", "프로토콜"), a.say("port", "포트"), a.say("from port", "출발 포트")}, rows)
}

// printOpens prints what changes would open besides what was asked for.
func (a *app) printOpens(opens []network.Opened) {
	if len(opens) == 0 {
		fmt.Fprintf(a.out, "  %s\n", a.say("They open nothing else.", "그 밖에 열리는 것은 없음."))
		return
	}
	for _, o := range opens {
		end := ""
		if o.Verdict == network.DependsOn {
			end = a.say(" (depends)", " (조건부)")
		}
		fmt.Fprintf(a.out, "  %s %s%s\n", a.say("also opens:", "함께 열림:"), o, end)
	}
}

// few is the beginning of a list that is long; -o json has all of it.
func few(list []string) string {
	if len(list) > 4 {
		return strings.Join(list[:3], ",") + fmt.Sprintf(" +%d", len(list)-3)
	}
	return strings.Join(list, ",")
}
