package inventory

import (
	"fmt"
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

# ask SERVICE COMMAND [ARGUMENT...]: writes the answer into a file of its own.
ask() {
  local file=$dir/$1.$2.json
  if aws "$@" --region "$region" >"$work/answer" 2>"$work/error"; then
    if [ -s "$work/answer" ]; then cp "$work/answer" "$file"; else echo '{}' >"$file"; fi
  else
    printf '{%s}\n' "$(failed)" >"$file"
  fi
}

# ask_of MEMBER PARENT NAME SERVICE COMMAND [ARGUMENT...]: the same about one
# parent, which is put into the answer as MEMBER. NAME keeps files apart.
ask_of() {
  local member=$1 parent=$2 name=$3 body head
  shift 3
  local file=$dir/$1.$2.${parent//[^A-Za-z0-9._-]/_}$name.json
  head=$(printf '"%s": "%s"' "$member" "$(escape "$parent")")
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

# parents QUERY SERVICE COMMAND [ARGUMENT...]: what QUERY finds, one a line. Each
# is asked for once per region.
parents() {
  local query=$1 known
  known=$work/$(printf '%s' "$region $*" | cksum | tr ' ' -)
  shift
  if [ ! -e "$known" ]; then
    aws "$@" --region "$region" --query "$query" --output text 2>/dev/null | tr '\t' '\n' | grep -v -e '^None$' -e '^$' >"$known" || true
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
	for i := range All {
		k := &All[i]
		if k.Global != global {
			continue
		}
		for j := range k.Calls {
			c := &k.Calls[j]
			line := ask(c)
			if c.Other || line == "" || seen[line] {
				continue
			}
			seen[line] = true
			if c.Before != "" {
				fmt.Fprintf(b, "  for _ in 1 2 3 4 5; do\n    aws %s --region \"$region\" --query State --output text 2>/dev/null | grep -q COMPLETE && break\n    sleep 2\n  done\n", c.Before)
			}
			b.WriteString(line)
		}
	}
	b.WriteString("}\n")
}

// ask returns the lines that make one call, for each parent if it has one; ""
// when the script cannot know the parents.
func ask(c *Call) string {
	service, op, _ := strings.Cut(c.Op, ":")
	args := c.Args
	if args != "" {
		args = " " + args
	}
	if c.Param == "" {
		return fmt.Sprintf("  ask %s %s%s\n", service, kebab(op), args)
	}
	from, query, ok := strings.Cut(c.Each, " ")
	if !ok {
		return ""
	}
	listService, listOp, _ := strings.Cut(from, ":")
	// Answers of one operation with different arguments need different files.
	name := ""
	if _, attribute, ok := strings.Cut(c.Args, "--attribute "); ok {
		name = "." + attribute
	}
	return fmt.Sprintf("  parents %s %s %s%s | while IFS= read -r parent; do\n    set -- \"$parent\"\n    ask_of %s \"$parent\" '%s' %s %s --%s \"$parent\"%s\n  done\n",
		quote(query), listService, kebab(listOp), listArgs(from),
		c.Param, name, service, kebab(op), kebab(c.Param), args)
}

// listArgs returns the arguments of a list, as when it was asked for itself.
func listArgs(op string) string {
	for i := range All {
		for j := range All[i].Calls {
			if c := &All[i].Calls[j]; c.Op == op && c.Param == "" && c.Args != "" {
				return " " + c.Args
			}
		}
	}
	return ""
}

// quote returns a shell word.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
