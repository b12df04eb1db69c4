package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// arity has every command below root say in the words of its usage how many
// arguments it takes, where they are too many or too few.
func arity(root *cobra.Command) {
	for _, c := range root.Commands() {
		arity(c)
	}
	check := root.Args
	if check == nil {
		return
	}
	root.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if known := new(failure); err == nil || errors.As(err, &known) {
			return err
		}
		return fail(exitUsage, "%s %s", cmd.CommandPath(), wrongNumber(cmd, args))
	}
}

// wrongNumber says what a command takes, and what it got instead.
func wrongNumber(cmd *cobra.Command, args []string) string {
	_, usage, _ := strings.Cut(cmd.Use, " ")
	words, must := arguments(usage)
	usage = cmd.CommandPath() + " " + usage
	switch {
	case len(words) == 0:
		return fmt.Sprintf("takes no arguments, not %q", args[0])
	case strings.HasSuffix(usage, "..."):
		return fmt.Sprintf("takes at least one %s, not %d: %s", strings.TrimSuffix(words[0], "..."), len(args), usage)
	case must > 1:
		return fmt.Sprintf("takes %d arguments, not %d: %s", must, len(args), usage)
	case len(words) > 1:
		return fmt.Sprintf("takes %d to %d arguments, not %d: %s", must, len(words), len(args), usage)
	case must == 0:
		return fmt.Sprintf("takes no more than one %s, not %d: %s", strings.Trim(words[0], "[]"), len(args), usage)
	}
	return fmt.Sprintf("takes one %s, not %d: %s", words[0], len(args), usage)
}

// arguments are the words of a usage that stand for arguments, without flags
// and another form behind them, and how many must be there.
func arguments(usage string) (words []string, must int) {
	for _, word := range strings.Fields(usage) {
		if word == "|" || strings.HasPrefix(word, "-") {
			break
		}
		words = append(words, word)
		if !strings.HasPrefix(word, "[") {
			must++
		}
	}
	return words, must
}
