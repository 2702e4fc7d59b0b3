package inventory

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// scriptHead is the part of the script that does not depend on the calls.
const scriptHead = `#!/usr/bin/env bash
# Fills a folder with the output of AWS CLI commands, for haetae to read:
#
#   bash collect.sh [FOLDER]
#   haetae scan --from FOLDER
#
# It only reads. A call that is denied is written down as such and shows up as
# unknown, with the permission that was missing. AWS_PROFILE and the other
# variables of the AWS CLI choose the account. REGIONS names the regions, by
# default all that are enabled.
set -u
export AWS_PAGER= AWS_DEFAULT_OUTPUT=json
out=${1:-haetae-$(date -u +%Y%m%d)}
account=$(aws sts get-caller-identity --query Account --output text) || exit 1
first=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}
REGIONS=${REGIONS:-$(aws ec2 describe-regions --region "$first" --query 'Regions[].RegionName' --output text)} || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# escape TEXT: TEXT as the inside of a JSON string.
escape() {
  local s=${1//\\/\\\\}
  s=${s//\"/\\\"}
  s=${s//$'\t'/ }
  s=${s//$'\r'/ }
  printf '%s' "${s//$'\n'/ }"
}

# failed: the AWS CLI's message in $work/error as JSON members.
failed() {
  local text code
  text=$(cat "$work/error")
  code=$(printf '%s' "$text" | sed -n 's/.*An error occurred (\([^)]*\)).*/\1/p' | head -n 1)
  printf '"Error": {"Code": "%s", "Message": "%s"}' "$(escape "${code:-CommandFailed}")" "$(escape "$text")"
}

# ask NAME SERVICE COMMAND [ARGUMENT...]: writes the answer into a file of its
# own. NAME keeps files apart.
ask() {
  local name=$1
  shift
  local file=$dir/$1.$2$name.json
  if aws "$@" --region "$region" </dev/null >"$work/answer" 2>"$work/error"; then
    if [ -s "$work/answer" ]; then cp "$work/answer" "$file"; else echo '{}' >"$file"; fi
  else
    printf '{%s}\n' "$(failed)" >"$file"
  fi
}

# ask_of MEMBERS PARENTS NAME SERVICE COMMAND [ARGUMENT...]: the same about one
# parent. MEMBERS is what it is about in JSON, which is put before the answer.
ask_of() {
  local head=$1 parents=$2 name=$3 body
  shift 3
  local file=$dir/$1.$2.${parents//[^A-Za-z0-9._-]/_}$name.json
  if aws "$@" --region "$region" </dev/null >"$work/answer" 2>"$work/error"; then
    body=$(cat "$work/answer")
    body=${body#\{}
    case $body in
      '' | $'\n''}' | '}') printf '{%s}\n' "$head" ;;
      *) printf '{%s,%s\n' "$head" "$body" ;;
    esac >"$file"
  else
    printf '{%s, %s}\n' "$head" "$(failed)" >"$file"
  fi
}

# member NAME TEXT: one member of JSON.
member() { printf '"%s": "%s"' "$1" "$(escape "$2")"; }

# name_in ARN and scope_in ARN: what the ARN of something of WAF says.
name_in() { local s=${1%/*}; printf '%s' "${s##*/}"; }
scope_in() { case $1 in *:global/*) printf CLOUDFRONT ;; *) printf REGIONAL ;; esac; }

# middle_of ARN: what stands between the first two slashes.
middle_of() { local s=${1#*/}; printf '%s' "${s%%/*}"; }

# parents QUERY SERVICE COMMAND [ARGUMENT...]: what QUERY finds, one a line. Each
# is asked for once per region.
parents() {
  local query=$1 known
  known=$work/$(printf '%s' "$region $*" | cksum | tr ' ' -)
  shift
  if [ ! -e "$known" ]; then
    aws "$@" --region "$region" --query "$query" --output text </dev/null 2>/dev/null | tr '\t' '\n' | grep -v -e '^None$' -e '^$' >"$known" || true
  fi
  cat "$known"
}
`

// Script returns a bash script of the AWS CLI commands whose output [Load]
// reads: every call of [All] that is not another's double, lists first, then
// each parent's calls.
func Script() string {
	var b strings.Builder
	b.WriteString(scriptHead)
	section(&b, "global", true)
	section(&b, "regional", false)
	b.WriteString(`
partition=aws
case $first in cn-*) partition=aws-cn ;; us-gov-*) partition=aws-us-gov ;; esac
dir=$out/$account/global region=$first
mkdir -p "$dir"
echo "global" >&2
global
for region in $REGIONS; do
  dir=$out/$account/$region
  mkdir -p "$dir"
  echo "$region" >&2
  regional
done
echo "$out" >&2
`)
	return b.String()
}

// section writes the function that asks for all global or all regional types.
func section(b *strings.Builder, name string, global bool) {
	fmt.Fprintf(b, "\n%s() {\n", name)
	seen := map[string]bool{}
	s := sourcesOf(global)
	for i := range All {
		k := &All[i]
		if k.Global != global {
			continue
		}
		for j := range k.Calls {
			c := &k.Calls[j]
			if c.Other || c.Extra != "" {
				continue
			}
			lines := s.ask(c)
			if seen[lines] {
				continue
			}
			seen[lines] = true
			if c.Before != "" {
				service, op, _ := strings.Cut(c.Before, ":")
				fmt.Fprintf(b, "  for _ in 1 2 3 4 5; do\n    aws %s %s --region \"$region\" --query State --output text 2>/dev/null | grep -q COMPLETE && break\n    sleep 2\n  done\n", service, kebab(op))
			}
			b.WriteString(lines)
		}
	}
	b.WriteString("}\n")
}

// sources are the calls in whose answers parents are found, by operation.
type sources map[string]*Call

// sourcesOf returns the calls that are made for all global or regional types.
func sourcesOf(global bool) sources {
	s := sources{}
	for i := range All {
		for j := range All[i].Calls {
			c := &All[i].Calls[j]
			if All[i].Global == global && !c.Other && c.Extra == "" && s[c.Op] == nil {
				s[c.Op] = c
			}
		}
	}
	return s
}

// deepest is how many levels of a list that is in itself are asked for: AWS
// allows as many of organizational units.
const deepest = 5

// ask returns the lines that make one call, for each parent if it has one.
func (s sources) ask(c *Call) string {
	if c.Param == "" {
		return fmt.Sprintf("  %sask %s %s\n", home(c), quote(variant(c)), command(c, 0))
	}
	var b strings.Builder
	s.each(&b, c, 0, func(depth int) {
		members, parents := "", ""
		if g := c.grandparam(); g != "" && depth > 1 {
			members, parents = fmt.Sprintf(`$(member %s "%s"), `, g, shellVar(depth-1)), shellVar(depth-1)+"."
		}
		members += fmt.Sprintf(`$(member %s "%s")`, c.Param, shellVar(depth))
		parents += shellVar(depth)
		fmt.Fprintf(&b, "%s%sask_of \"%s\" \"%s\" %s %s\n", indent(depth), home(c), members, parents, quote(variant(c)), command(c, depth))
	})
	return b.String()
}

// each writes loops over all parents of a call, with what body writes in them.
// depth counts the loops around.
func (s sources) each(b *strings.Builder, c *Call, depth int, body func(depth int)) {
	// below writes the body, and again for what the call lists itself.
	var below func(depth, level int)
	below = func(depth, level int) {
		body(depth)
		for _, from := range c.Sources() {
			if from.Op == c.Op && level < deepest {
				s.loop(b, c, from.Query, depth, func() { below(depth+1, level+1) })
			}
		}
	}
	for _, from := range c.Sources() {
		list := s[from.Op]
		switch {
		case list == nil || list == c:
		case list.Param == "":
			s.loop(b, list, from.Query, depth, func() { below(depth+1, 0) })
		default:
			s.each(b, list, depth, func(depth int) {
				s.loop(b, list, from.Query, depth, func() { below(depth+1, 0) })
			})
		}
	}
}

// loop writes a loop over what a query finds in one list.
func (s sources) loop(b *strings.Builder, list *Call, query string, depth int, body func()) {
	in := indent(depth)
	fmt.Fprintf(b, "%s%sparents %s %s | while IFS= read -r p%d; do\n", in, home(list), quote(query), command(list, depth), depth+1)
	body()
	fmt.Fprintf(b, "%sdone\n", in)
}

// home returns what makes a function ask where the call alone is answered; in
// other partitions, where there is no such region, it fails and says so.
func home(c *Call) string {
	if c.Home == "" {
		return ""
	}
	return "region=" + c.Home + " "
}

func indent(depth int) string { return strings.Repeat("  ", depth+1) }

// shellVar is the variable of the parent that is found by a loop of some depth.
func shellVar(depth int) string { return fmt.Sprintf("$p%d", depth) }

// command returns the words of a call whose parent is the loop variable of some
// depth.
func command(c *Call, depth int) string {
	service, op, _ := strings.Cut(c.Op, ":")
	words := []string{service, kebab(op)}
	parent := Parent{ID: shellVar(depth), Grandparent: shellVar(depth - 1)}
	request := map[string]any{}
	for name, v := range c.Params {
		request[name] = v
	}
	if _, set := request[c.Param]; !set && c.Param != "" {
		request[c.Param] = "${Parent}"
	}
	for _, name := range slices.Sorted(maps.Keys(request)) {
		// The AWS CLI turns the pages by itself, unless a page's size is given so.
		// One that is older than an option would refuse the whole command for it.
		if name == "MaxBuckets" || name == "IncludeManagedResources" {
			continue
		}
		words = append(words, argument(name, request[name], parent)...)
	}
	return strings.Join(words, " ")
}

// argument returns the words of one parameter. A list of texts is one word for
// each; what is deeper is JSON.
func argument(name string, v any, p Parent) []string {
	flag := "--" + kebab(name)
	switch v := v.(type) {
	case bool:
		if !v {
			flag = "--no-" + kebab(name)
		}
		return []string{flag}
	case []any:
		words := []string{flag}
		for _, x := range v {
			if _, text := x.(string); !text {
				return []string{flag, word(jsonText(v), p)}
			}
			words = append(words, word(fmt.Sprint(x), p))
		}
		return words
	case map[string]any:
		return []string{flag, word(jsonText(v), p)}
	}
	return []string{flag, word(fmt.Sprint(v), p)}
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "" // texts, numbers and lists of them: there is no such error
	}
	return string(text)
}

// word returns a shell word for a text with placeholders.
func word(text string, p Parent) string {
	if !strings.Contains(text, "${") {
		if plainWord.MatchString(text) {
			return text
		}
		return quote(text)
	}
	text = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`").Replace(text)
	return `"` + strings.NewReplacer(
		"${Account}", "$account", "${Region}", "$region", "${Partition}", "$partition",
		"${Parent}", p.ID, "${Grandparent}", p.Grandparent, "${Parent.Last}", "${"+strings.TrimPrefix(p.ID, "$")+"##*/}",
		"${Grandparent.Middle}", `$(middle_of "`+p.Grandparent+`")`,
		"${Parent.Name}", `$(name_in "`+p.ID+`")`, "${Parent.Scope}", `$(scope_in "`+p.ID+`")`,
	).Replace(text) + `"`
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=-]+$`)

// quote returns a shell word.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// variant returns what keeps the answers of one operation with different Params
// apart in the names of files: ".userData". It is "" when there is only one.
func variant(c *Call) string {
	alone := true
	for i := range All {
		for j := range All[i].Calls {
			o := &All[i].Calls[j]
			alone = alone && (o.Op != c.Op || o.sameParams(c.Params))
		}
	}
	if alone {
		return ""
	}
	name := ""
	for _, k := range slices.Sorted(maps.Keys(c.Params)) {
		if s, ok := c.Params[k].(string); ok && !strings.Contains(s, "${") {
			name += "." + s[strings.LastIndexByte(s, '/')+1:]
		}
	}
	return name
}
