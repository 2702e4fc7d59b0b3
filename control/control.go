package control

import (
	"fmt"

	"github.com/haetae/haetae"
)

// Control is one check, as content/controls holds it.
type Control struct {
	haetae.Rule
	Service string // "s3": the folder it lies in
	File    string // where it is defined, for messages

	When   string // CEL: the control applies only where this is true; "" for always
	Let    []Let
	Assert string // CEL: true is PASS

	Examples Examples
	Waived   []Waiver
}

// Let names the value of an expression for those that follow it.
type Let struct {
	Name, Expr string
}

// Examples are small worlds with the verdict that they must have. Every
// resource of the control's type in them must have it.
type Examples struct {
	Pass, Fail, Unknown, NotApplicable []Example
}

// Example is one world.
type Example struct {
	Name  string
	World *haetae.Snapshot // as written: not yet assembled
	Line  int
}

// Waiver accepts a mutant that no example kills.
type Waiver struct {
	Mutant string `yaml:"mutant"`
	Reason string `yaml:"reason"`
}

// errorf reports a fault of the control, with its file.
func (c *Control) errorf(format string, args ...any) error {
	return &haetae.Error{
		Code: haetae.Invalid,
		Op:   fmt.Sprintf("%s (%s)", c.ID, c.File),
		Err:  fmt.Errorf(format, args...),
		Hint: "docs/add-a-control.md describes the form of a control.",
	}
}
