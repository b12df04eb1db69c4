package main

import (
	"slices"
	"strings"
)

// valued are the global flags that take their value from the next argument.
var valued = []string{"--config", "--data", "--socket", "--format"}

// rewrite turns the flag --republish[=CAT,…] into the command of that name,
// before anything is parsed: a flag with an optional value could not be
// followed by categories or by flags of the command. It is one only where no
// command stands before it.
func rewrite(args []string) []string {
	at := republishFlag(args)
	if at < 0 {
		return args
	}
	out := []string{"republish"}
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		name, list, _ := strings.Cut(arg, "=")
		if i >= at && name == "--republish" {
			out = append(out, split(list)...)
			continue
		}
		out = append(out, arg)
	}
	return out
}

// republishFlag is the index of --republish among the arguments before any
// command; -1 for none.
func republishFlag(args []string) int {
	for i := 0; i < len(args); i++ {
		name, _, _ := strings.Cut(args[i], "=")
		switch {
		case name == "--republish":
			return i
		case args[i] == "--", !strings.HasPrefix(args[i], "-"):
			return -1
		case slices.Contains(valued, args[i]):
			i++
		}
	}
	return -1
}

func split(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(s string) bool { return strings.TrimSpace(s) == "" })
}
