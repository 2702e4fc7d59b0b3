// Package address knows addresses and domain names: the country and the network
// that an address belongs to, the cloud that it is in, the lists that it is on,
// and whose of the organisation it is.
//
// A [Book] is filled once and then read by as many goroutines as wish. What is
// embedded (facts.gz, lists/, networks.tsv) has a licence that lets everybody pass
// it on, see LICENSE-DATA.md; what a user brings goes before it.
//
// The package does no I/O: files are read by whoever has them.
package address
