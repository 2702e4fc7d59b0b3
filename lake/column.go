package lake

import (
	"strings"
)

// kind is what a column holds.
type kind uint8

const (
	textual kind = iota // the text of a string
	flag                // "true" or "false", as Athena's tables have them
	long                // an int64
	double              // a float64
	tree                // JSON as it stands: an object or a list
	group               // a struct of columns
)

// column is a column of a table, and the member of the record from which it comes.
type column struct {
	json     string // the member's name, as the record has it
	kind     kind
	children []column // of a group
}

// name is the column's name: Athena's are lower case.
func (c *column) name() string { return strings.ToLower(c.json) }

// columnsOf reads columns: "name", "name:flag", "name:long", "name:double", "name:tree",
// "name{columns of a struct}".
func columnsOf(spec string) []column {
	list, _ := columnsIn(strings.Fields(strings.NewReplacer("{", " { ", "}", " } ").Replace(spec)))
	return list
}

func columnsIn(words []string) (list []column, rest []string) {
	kinds := map[string]kind{"": textual, "flag": flag, "long": long, "double": double, "tree": tree}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch word {
		case "{":
			last := &list[len(list)-1]
			last.kind = group
			last.children, words = columnsIn(words)
		case "}":
			return list, words
		default:
			name, of, _ := strings.Cut(word, ":")
			list = append(list, column{json: name, kind: kinds[of]})
		}
	}
	return list, nil
}
