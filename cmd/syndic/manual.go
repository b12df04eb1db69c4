package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manualCommand writes what a package has beside the binary. It is hidden: it
// is for who builds the package.
func (a *app) manualCommand() *cobra.Command {
	date, example := "", ""
	cmd := &cobra.Command{
		Use:    "manual DIR",
		Short:  "Write the manual pages and the completions of shells",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := time.Parse(time.DateOnly, date)
			if err != nil {
				return fail(exitUsage, "--date %q is no day such as 2026-11-23", date)
			}
			keys, err := os.ReadFile(example)
			if err != nil {
				return fmt.Errorf("read the configuration's example: %w", err)
			}
			return writeManual(cmd.Root(), args[0], day, string(keys))
		},
	}
	cmd.Flags().StringVar(&date, "date", "", "the `day` in the pages' heads")
	cmd.Flags().StringVar(&example, "example", "config.example.yaml", "the example configuration, a `file`")
	return cmd
}

// writeManual makes man/ and completion/ in the directory.
func writeManual(root *cobra.Command, dir string, day time.Time, example string) error {
	pages := map[string]string{"man/man5/syndic.yaml.5": configPage(example, day)}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		pages["man/man1/"+pageName(cmd)+".1"] = commandPage(cmd, day)
		for _, c := range documented(cmd) {
			walk(c)
		}
	}
	walk(root)
	var bash, zsh, fish strings.Builder
	err := errors.Join(root.GenBashCompletionV2(&bash, true), root.GenZshCompletion(&zsh), root.GenFishCompletion(&fish, true))
	pages["completion/syndic.bash"], pages["completion/_syndic"], pages["completion/syndic.fish"] = bash.String(), zsh.String(), fish.String()
	for name, text := range pages {
		name = filepath.Join(dir, name)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644))
	}
	if err != nil {
		return fmt.Errorf("write the manual: %w", err)
	}
	return nil
}

// pageName is a command's page: syndic-post-add.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// documented are the commands below one that have a page. Those of cobra's own
// explain themselves.
func documented(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range cmd.Commands() {
		if !c.Hidden && c.Name() != "help" && c.Name() != "completion" {
			all = append(all, c)
		}
	}
	return all
}

// commandPage is the page of one command in section 1.
func commandPage(cmd *cobra.Command, day time.Time) string {
	p := newRoff(pageName(cmd), 1, day, "User Commands", strings.TrimRight(cmd.Short, "."))
	p.section("SYNOPSIS")
	p.synopsis(cmd)
	p.section("DESCRIPTION")
	text, codes, _ := strings.Cut(longOf(cmd), "Exit codes: ")
	p.paragraphs(text)
	if all := documented(cmd); len(all) > 0 {
		p.section("COMMANDS")
		for _, c := range all {
			p.item("\\fB"+escape(pageName(c))+"\\fR(1)", c.Short+".")
		}
	}
	p.flags("OPTIONS", cmd.LocalFlags())
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.verbatim(cmd.Example)
	}
	if codes != "" {
		p.section("EXIT STATUS")
		p.paragraphs(codes)
	}
	if !cmd.HasParent() {
		p.surroundings()
	}
	p.seeAlso(cmd)
	return p.String()
}

func longOf(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short + "."
}

func (p *roff) synopsis(cmd *cobra.Command) {
	use := strings.TrimSpace(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath()))
	use = strings.TrimSpace(strings.ReplaceAll(use, "[flags]", "[OPTIONS]"))
	if len(documented(cmd)) > 0 {
		use = "COMMAND " + use
	}
	p.set("\\fB" + escape(cmd.CommandPath()) + "\\fR " + escape(use))
}

func (p *roff) flags(section string, set *pflag.FlagSet) {
	begun := false
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		if !begun {
			p.section(section)
			begun = true
		}
		value, usage := pflag.UnquoteUsage(f)
		value = strings.TrimSuffix(value, "Array")
		tag := "\\fB\\-\\-" + escape(f.Name) + "\\fR"
		if f.Shorthand != "" {
			tag = "\\fB\\-" + f.Shorthand + "\\fR, " + tag
		}
		if value != "" {
			tag += " \\fI" + escape(value) + "\\fR"
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			usage += "; without it " + f.DefValue
		}
		p.item(tag, capital(usage)+".")
	})
}

func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// surroundings are the files and variables that matter, for syndic(1).
func (p *roff) surroundings() {
	p.section("FILES")
	p.item("\\fI"+escape(defaultConfigFile)+"\\fR", "The configuration, if there is one; see syndic.yaml(5).")
	p.item("\\fI/var/lib/syndic\\fR", "The data directory of the service, with syndic.db in it.")
	p.item("\\fI/run/syndic/syndic.sock\\fR", "The control socket of the service.")
	p.section("ENVIRONMENT")
	p.item("\\fBSTATE_DIRECTORY\\fR, \\fBXDG_DATA_HOME\\fR", "Where the data directory is when --data does not say: the first itself; /var/lib/syndic for the user to whom it belongs; syndic below the second, else ~/.local/share/syndic.")
	p.item("\\fBRUNTIME_DIRECTORY\\fR", "Where the control socket is when --socket does not say, else the data directory.")
	p.item("\\fBVISUAL\\fR, \\fBEDITOR\\fR", "The editor of syndic-post-edit(1).")
	p.item("\\fBNO_COLOR\\fR", "No colours.")
}

func (p *roff) seeAlso(cmd *cobra.Command) {
	list := []string{"\\fBsyndic.yaml\\fR(5)"}
	if cmd.HasParent() {
		list = append([]string{"\\fB" + escape(pageName(cmd.Parent())) + "\\fR(1)"}, list...)
		if cmd.Parent() != cmd.Root() {
			list = append([]string{"\\fBsyndic\\fR(1)"}, list...)
		}
	}
	p.section("SEE ALSO")
	p.line(strings.Join(list, ",\n"))
}
