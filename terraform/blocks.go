package terraform

import (
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/haetae/haetae"
)

// resourceBlock is the first line of a resource's block.
var resourceBlock = regexp.MustCompile(`^\s*resource\s+"([^"]+)"\s+"([^"]+)"`)

// dynamicBlock is the first line of a block that is repeated by an expression.
var dynamicBlock = regexp.MustCompile(`^\s*dynamic\s+"([^"]+)"`)

// block is the block of a resource in a *.tf file.
type block struct {
	haetae.Place
	// dynamic are the blocks in it that are repeated by an expression: a plan
	// does not tell one of which nothing is known yet from one that is not there.
	dynamic map[string]bool
}

// heredoc is the beginning of a text of several lines.
var heredoc = regexp.MustCompile(`<<-?\s*([A-Za-z_][A-Za-z0-9_]*)\s*$`)

// blocks finds the lines of resource blocks in the *.tf files of the root module
// and of the modules that lie in folders beside it. The key is the names of the
// modules, a space, and the resource: "net aws_vpc.main".
func blocks(fsys fs.FS, root string, config *configModule) map[string]block {
	out := map[string]block{}
	if fsys != nil {
		moduleBlocks(fsys, root, ".", "", config, 0, out)
	}
	return out
}

func moduleBlocks(fsys fs.FS, root, dir, names string, config *configModule, depth int, out map[string]block) {
	files, err := fs.ReadDir(fsys, dir)
	if err != nil || depth > maxDepth {
		return // without the files resources have no lines, which is no fault
	}
	for _, f := range files {
		if f.IsDir() || path.Ext(f.Name()) != ".tf" {
			continue
		}
		name := path.Join(dir, f.Name())
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			continue
		}
		for res, b := range scan(string(data)) {
			b.File = shown(root, name)
			out[names+" "+res] = b
		}
	}
	if config == nil {
		return
	}
	for name, call := range config.Calls {
		if call == nil || !strings.HasPrefix(call.Source, ".") {
			continue
		}
		below := path.Join(dir, call.Source)
		if !fs.ValidPath(below) {
			continue // outside of the folder that was given
		}
		inner := name
		if names != "" {
			inner = names + "/" + name
		}
		moduleBlocks(fsys, root, below, inner, call.Module, depth+1, out)
	}
}

// scan finds the resource blocks in the text of one file, with lines from 1.
func scan(text string) map[string]block {
	out := map[string]block{}
	last := ""
	until, comment := "", false
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		switch {
		case until != "":
			if strings.TrimSpace(line) == until {
				until = ""
			}
			continue
		case comment:
			_, _, closed := strings.Cut(line, "*/")
			comment = !closed
			continue
		}
		if m := resourceBlock.FindStringSubmatch(line); m != nil {
			last = m[1] + "." + m[2]
			out[last] = block{Place: haetae.Place{Line: n}, dynamic: map[string]bool{}}
		}
		if m := dynamicBlock.FindStringSubmatch(line); m != nil && last != "" {
			out[last].dynamic[m[1]] = true
		}
		if m := heredoc.FindStringSubmatch(line); m != nil {
			until = m[1]
		}
		if strings.HasPrefix(strings.TrimSpace(line), "/*") {
			comment = !strings.Contains(line, "*/")
		}
	}
	return out
}
