package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/network"
)

func (a *app) netDNSCommand() *cobra.Command {
	var s sources
	var q network.NameQuestion
	var format string
	cmd := &cobra.Command{
		Use:   "dns NAME --from-vpc VPC",
		Short: "Who answers for a name in a VPC, and what of DNS Firewall stops it",
		Long: `Takes a question for a name through the resolver of a VPC: whether DNS support is
on, the rule groups of DNS Firewall in order, forwarding rules with the way from
the outbound endpoint to their servers, private hosted zones, private names of
endpoints. The VPC may be named by a subnet or an instance in it. What other
networks answer is not known. Exit code 1 means that the name does not resolve,
3 that facts are missing to decide.`,
		Example: `  haetae net dns db.corp.example --from-vpc vpc-0a1b2c3d --from answers/
  haetae net dns www.example.org --from-vpc i-0a1b2c3d4e5f60718 --type AAAA --from answers/`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("one name is meant: haetae net dns NAME --from-vpc VPC")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(format, "table", "json"); err != nil {
				return err
			}
			if q.VPC == "" {
				return usagef("--from-vpc VPC says in which network the name is asked for")
			}
			q.Name = args[0]
			w, _, err := a.theNetwork(cmd.Context(), &s)
			if err != nil {
				return err
			}
			answer, err := w.Resolve(q)
			if err != nil {
				return err
			}
			if format == "json" {
				e := encoder(a.out)
				e.SetIndent("", " ")
				err = printed(e.Encode(answer))
			} else {
				err = a.printName(answer)
			}
			switch {
			case err != nil:
				return err
			case answer.Verdict == network.NotResolved || answer.Verdict == network.NoSuchName:
				return exit(exitFound)
			case len(answer.DependsOn.Missing) > 0:
				return exit(exitIncomplete)
			}
			return nil
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&q.VPC, "from-vpc", "", "the VPC that asks, or a subnet, an instance or an interface in it")
	cmd.Flags().StringVar(&q.Type, "type", "A", "type of record: A, AAAA, CNAME, MX, TXT …")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table or json")
	return cmd
}

// printName prints an answer for people.
func (a *app) printName(r *network.NameAnswer) error {
	words := map[network.NameVerdict]string{
		network.Resolves: a.say("Resolves", "풀림"), network.NotResolved: a.say("Blocked", "차단됨"),
		network.NoSuchName: a.say("No answer", "답 없음"), network.NameDependsOn: a.say("Depends on", "조건부"),
	}
	by := map[string]string{
		"firewall": a.say("DNS Firewall answers", "DNS Firewall이 답함"), "private-zone": a.say("a private hosted zone answers", "프라이빗 호스팅 영역이 답함"),
		"vpc-endpoint": a.say("a VPC endpoint answers to it", "VPC 엔드포인트의 이름"), "forwarding-rule": a.say("a forwarding rule sends it on", "전달 규칙이 넘김"),
		"vpc": a.say("AWS answers for the VPC's own names", "VPC 자체 이름으로 AWS가 답함"), "public": a.say("the public DNS answers", "공용 DNS가 답함"),
		"nobody": a.say("nobody answers", "답하는 곳 없음"),
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s: %s, %s\n\n", r.Name, r.Type, a.say("in", "·"), r.VPC, words[r.Verdict], by[r.By])
	if _, err := fmt.Fprint(a.out, b.String()); err != nil {
		return printed(err)
	}
	var rows [][]string
	for _, h := range r.Steps {
		mark := "✓"
		if !h.Passed {
			mark = "✗"
		}
		rows = append(rows, []string{mark, h.Kind, h.Resource, h.Rule})
	}
	if err := grid(a.out, []string{"", a.say("kind", "종류"), a.say("resource", "리소스"), a.say("rule", "규칙")}, rows); err != nil {
		return err
	}
	if len(r.Blockers) > 0 {
		rows = nil
		for _, x := range r.Blockers {
			rows = append(rows, []string{x.Code, x.Resource, x.Rule, x.Fix})
		}
		fmt.Fprintf(a.out, "\n%s\n", a.say("What stops it", "차단 원인"))
		if err := grid(a.out, []string{a.say("code", "코드"), a.say("resource", "리소스"), a.say("rule", "규칙"), a.say("fix", "조치")}, rows); err != nil {
			return err
		}
	}
	for _, d := range []struct {
		title string
		list  []string
	}{{a.say("Answer", "답"), r.Answer}, {a.say("It depends on", "다음에 달려 있음"), r.DependsOn.Request},
		{a.say("What is missing to know", "알려지지 않은 것"), r.DependsOn.Missing}, {a.say("Notes", "참고"), r.Notes}} {
		if len(d.list) == 0 {
			continue
		}
		fmt.Fprintf(a.out, "\n%s\n", d.title)
		for _, s := range d.list {
			if _, err := fmt.Fprintf(a.out, "  %s\n", s); err != nil {
				return printed(err)
			}
		}
	}
	return nil
}
