package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
)

// root builds the tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "syndic",
		Short: "Publish posts as RSS, Atom and JSON feeds, on time, and tell WebSub hubs",
		Long: `syndic keeps posts, publishes each category as RSS 2.0, Atom 1.0 and JSON Feed,
and tells WebSub hubs whenever a feed really changed.

Exit codes: 0 done, 1 failed, 2 usage, 3 partly, 4 no such post or category,
5 a feed was rejected, 10 no database, 11 locked, 12 not permitted,
13 configuration invalid, 130 interrupted.`,
		Example: `  syndic serve
  syndic post add posts/
  syndic republish design`,
		Args: cobra.ArbitraryArgs, // what is no command reaches RunE
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknown(cmd, args[0])
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       buildVersion().Version,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkGlobals(); err != nil {
				return err
			}
			a.parsed = true
			if cmd.Name() != "serve" && a.hangups != nil {
				signal.Stop(a.hangups)
			}
			return nil
		},
	}
	root.SetVersionTemplate("syndic {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = false
	f := root.PersistentFlags()
	f.StringVar(&a.globals.config, "config", "", "configuration `file` (default "+defaultConfigFile+" if it is there)")
	f.StringVar(&a.globals.data, "data", "", "data `directory`")
	f.StringVar(&a.globals.socket, "socket", "", "the daemon's control socket")
	f.StringVar(&a.globals.format, "format", formatTable, "how data is printed: table, json or ids")
	f.BoolVarP(&a.globals.quiet, "quiet", "q", false, "no messages but errors")
	f.BoolVarP(&a.globals.verbose, "verbose", "v", false, "log everything")
	f.BoolVar(&a.globals.noColor, "no-color", false, "no colours, on a terminal either (also: NO_COLOR)")
	root.AddCommand(a.serveCommand(), a.postCommand(), a.categoryCommand(), a.feedCommand(), a.republishCommand(),
		a.hubCommand(), a.scheduleCommand(), a.configCommand(), a.reloadCommand(), a.statusCommand(), a.checkCommand(), a.doctorCommand(),
		a.compactCommand(), a.backupCommand(), a.restoreCommand(), a.exportCommand(), a.examineCommand(), a.versionCommand(), a.manualCommand())
	strict(root)
	arity(root)
	return root
}

// strict has the commands that cobra adds refuse names that they do not know.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = topic
		case "completion":
			c.Args, c.RunE = nil, held
		}
	}
}

func (a *app) checkGlobals() error {
	switch a.globals.format {
	case formatTable, formatJSON, formatIDs:
		return nil
	}
	return fail(exitUsage, "unknown format %q: use table, json or ids", a.globals.format)
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: use, Short: short}
	g.AddCommand(commands...)
	g.RunE = held
	return g
}

// held is what a command does that only holds others.
func held(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fail(exitUsage, "%s needs a command: %s", cmd.CommandPath(), strings.Join(names(cmd), ", "))
	}
	return unknown(cmd, args[0])
}

// topic refuses to explain a command that there is not.
func topic(cmd *cobra.Command, args []string) error {
	found, rest, err := cmd.Root().Find(args)
	if err == nil && len(rest) > 0 && found.HasSubCommands() {
		return unknown(found, rest[0])
	}
	return err
}

// names lists the commands that a command holds.
func names(cmd *cobra.Command) []string {
	var all []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			all = append(all, c.Name())
		}
	}
	return all
}

// unknown is the error for a command that there is not.
func unknown(cmd *cobra.Command, name string) error {
	known := names(cmd)
	if near := closest(name, known); near != "" {
		return fail(exitUsage, "unknown command %q for %s: did you mean %q?", name, cmd.CommandPath(), near)
	}
	return fail(exitUsage, "unknown command %q for %s: use %s", name, cmd.CommandPath(), strings.Join(known, ", "))
}

// say writes one line for the user.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.messages, "syndic: %s\n", clean(fmt.Sprintf(format, args...)))
}

// warn writes the warnings that came with what was done, which --quiet keeps back.
func (a *app) warn(warnings []string) {
	for _, w := range warnings {
		a.tell("warning: %s", w)
	}
}

// tell writes one line that --quiet keeps back.
func (a *app) tell(format string, args ...any) {
	if !a.globals.quiet {
		a.say(format, args...)
	}
}

func (a *app) printer() printer {
	return printer{out: a.out, format: a.globals.format, bold: a.colour(a.out)}
}

// colour tells whether w is a terminal that may be coloured.
func (a *app) colour(w any) bool {
	return terminal(w) && !a.globals.noColor && a.getenv("NO_COLOR") == ""
}

func terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
