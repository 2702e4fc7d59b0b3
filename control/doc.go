// Package control judges resources: each [Control] is a YAML file with a CEL
// assertion over one resource type, and the verdict is PASS, FAIL, UNKNOWN or
// NOT_APPLICABLE with the reason.
//
// Expressions are parsed and type-checked by cel-go against the schema, so that
// a misspelt property is an error when the control is compiled. They are
// evaluated here, not by cel-go, because unknown values are data: what was
// denied, throttled or unresolved sits somewhere inside a property tree, and
// an expression may be decided in spite of it. Every operator and function is
// three-valued: it gives true or false only if every completion of the
// unknowns would. See value.go for comparison, comprehension.go for lists of
// which a part may be missing.
//
// The package is pure: the snapshot's time is the only clock.
package control
