package inventory

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/haetae/haetae"
)

// answer is one document of a file: a body, or an error.
type answer struct {
	body          map[string]any
	code, message string
	op            string // API name of the operation, when the error says it
}

// unreadable says why a file holds no answers.
type unreadable struct {
	line int
	text string
	hint string
}

func (u *unreadable) Error() string { return u.text }

const (
	hintJSON  = "run the command with --output json"
	hintEmpty = "the command failed, or AWS had nothing to say: write {} into the file when it is the latter, as the script of `haetae collect --script` does"
)

// cliError is what the AWS CLI prints on stderr when a call fails; people
// redirect it into the file.
var cliError = regexp.MustCompile(`An error occurred \(([^)]+)\) when calling the (\w+) operation(?: \([^)]*\))?: ?(.*)`)

// parse reads the documents of one file: one or several JSON objects, bare or
// in the wrapper of a recording, or the text of an error.
func parse(data []byte) ([]answer, error) {
	data = utf8(data)
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &unreadable{text: "the file is empty", hint: hintEmpty}
	}
	if first := bytes.TrimSpace(data)[0]; first != '{' && first != '[' {
		if m := cliError.FindSubmatch(data); m != nil {
			return []answer{{code: string(m[1]), op: string(m[2]), message: strings.TrimSpace(string(m[3]))}}, nil
		}
		return nil, foreign(data)
	}
	var out []answer
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	for {
		var v any
		err := d.Decode(&v)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, broken(data, d.InputOffset(), err)
		}
		m, ok := haetae.Normalize(v).(map[string]any)
		if !ok {
			return nil, &unreadable{line: 1, text: "the output of an AWS CLI command is an object, and this is not one", hint: "run the command without --query"}
		}
		out = append(out, unwrap(m))
	}
}

// unwrap takes the answer out of a recording's wrapper and tells errors from
// answers.
func unwrap(m map[string]any) answer {
	if data, ok := m["data"].(map[string]any); ok && m["status_code"] != nil {
		m, _ = dates(data).(map[string]any)
	}
	delete(m, "ResponseMetadata")
	e := object(m, "Error")
	if e == nil {
		e = object(m, "__error")
	}
	if e == nil {
		if s := str(m, "__error"); s != "" {
			e = map[string]any{"Code": s}
		}
	}
	if e == nil {
		return answer{body: m}
	}
	code := str(e, "Code")
	if code == "" {
		code = str(e, "code")
	}
	if found := cliError.FindStringSubmatch(str(e, "Message")); found != nil && code == "" {
		code = found[1]
	}
	if code == "" {
		code = "an error without a code"
	}
	return answer{body: without(m, "Error", "__error"), code: code, message: str(e, "Message"), op: str(e, "Operation")}
}

// dates turns {"__class__": "datetime", …} into text as the CLI prints it.
func dates(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v["__class__"] == "datetime" {
			n := func(k string) int { i, _ := v[k].(int64); return int(i) }
			return time.Date(n("year"), time.Month(n("month")), n("day"), n("hour"), n("minute"), n("second"), n("microsecond")*1000, time.UTC).Format(time.RFC3339)
		}
		for k, e := range v {
			v[k] = dates(e)
		}
	case []any:
		for i, e := range v {
			v[i] = dates(e)
		}
	}
	return v
}

// foreign says what a file that is not JSON may be.
func foreign(data []byte) error {
	head := string(data[:min(len(data), 400)])
	line, _, _ := strings.Cut(head, "\n")
	switch {
	case strings.HasPrefix(head, "---") && strings.Contains(head, "|"):
		return &unreadable{line: 1, text: "this is the output of --output table", hint: hintJSON}
	case strings.Contains(line, "\t"):
		return &unreadable{line: 1, text: "this is the output of --output text", hint: hintJSON}
	case strings.HasSuffix(strings.TrimRight(line, "\r "), ":") || strings.HasPrefix(head, "- ") || strings.Contains(line, ": "):
		return &unreadable{line: 1, text: "this is not JSON; it looks like the output of --output yaml, or like a message", hint: hintJSON}
	}
	return &unreadable{line: 1, text: "this is not JSON", hint: hintJSON}
}

// broken says where JSON is broken.
func broken(data []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	}
	if err == io.ErrUnexpectedEOF {
		offset = int64(len(data))
		err = errors.New("the JSON ends in the middle")
	}
	line := 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
	return &unreadable{line: line, text: fmt.Sprintf("broken JSON: %v", err), hint: "run the command again; it may have been interrupted"}
}

// utf8 removes a byte order mark and decodes UTF-16, which is what some shells
// write when output is redirected.
func utf8(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, order.Uint16(data[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}
