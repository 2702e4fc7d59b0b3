// Package detect holds what happens against rules: events, flows and DNS lookups
// go in, findings come out.
//
// An Engine counts each record once, finds out who acted, shows the record and what
// is derived of it to Sigma rules and their correlations, and joins what the same
// rule says of the same subject within a time to one finding. It has no clock and
// does no I/O: time is what the records say. What comes out, once all is said,
// depends on the set of records alone, not on their order.
package detect
