package main

var (
	userInfo = pattern(`//[^/\s"]*@`)
	query    = pattern(`(//[^\s"?]*)\?[^\s"]*`)
)

// maskUsers takes the user names and passwords out of the URLs in a text.
func maskUsers(text string) string { return userInfo().ReplaceAllString(text, "//xxxxx@") }

// maskURLs takes the queries out as well, which for hubs may be a key.
func maskURLs(text string) string { return query().ReplaceAllString(maskUsers(text), "$1?xxxxx") }
