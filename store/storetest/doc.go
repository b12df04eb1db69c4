// Package storetest proves that a backend keeps the store contract, and lends
// other rooms' tests what they need of a store: one that is opened and checked
// for them, posts and categories to put into it, and faults at chosen commits.
// It may import store and feed, and no backend.
package storetest
