// Package feed is WHAT syndic publishes: posts, categories, the site they
// belong to, and the bytes of their feeds in RSS 2.0, Atom 1.0 and JSON Feed
// 1.1, from source text to sanitised HTML to a joined document.
//
// Everything in it is a pure function of its arguments: no I/O, no clock, no
// randomness, no map order, no logging. The same posts give the same bytes, on
// every machine and in every year. It imports none of syndic's packages.
package feed

// RendererVersion is part of every artifact's fingerprint: raise it with each
// change that alters the bytes of a feed, and every feed is rendered again at
// the next start.
const RendererVersion = 6
