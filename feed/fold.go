package feed

// FoldTitle is the form of a title in which two are equal that differ in no
// more than case (Unicode case folding) and the amount of white space; a store
// indexes titles by it.
func FoldTitle(title string) string { return fold(title) }
