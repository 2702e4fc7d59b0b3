// Package haetae holds the nouns that every other package speaks: what is
// ([Resource], [Snapshot], [Delta], [Edge]), what could not be read
// ([Unknown], [OpenList], [Coverage]), what a rule says ([Rule], [Finding])
// and how work fails ([Error]).
//
// It imports the standard library only, does no I/O and reads no clock. A noun
// that two packages need lives here; a noun that one package needs lives there.
//
// A property tree is made of nil, bool, int64, float64, string, []any,
// map[string]any, [*Unknown], [*OpenList] and [*Secret], and nothing else; see
// [Normalize].
package haetae
