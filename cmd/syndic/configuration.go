package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	return group("config", "Check and show the configuration", &cobra.Command{
		Use:   "validate [FILE]",
		Short: "Check a configuration file: every error with its line and key",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := a.globals.config
			if len(args) == 1 {
				file = args[0]
			}
			return a.validateConfig(file)
		},
	}, &cobra.Command{
		Use:   "show",
		Short: "Print the configuration in effect, defaults included",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, _, err := a.readConfig(a.globals.config)
			if err != nil {
				return err
			}
			text, err := c.write(a.globals.format)
			if err != nil {
				return err
			}
			return a.printer().write(string(text))
		},
	})
}

// validity is what config validate has to say of a file.
type validity struct {
	File     string   `json:"file"` // empty when there is none and the defaults hold
	OK       bool     `json:"ok"`
	Problems []string `json:"problems,omitempty"` // one line each, with its place
}

func (a *app) validateConfig(file string) error {
	_, found, err := a.readConfig(file)
	v := validity{File: file, OK: err == nil}
	if found && file == "" {
		v.File = defaultConfigFile
	}
	if wrong := new(configError); errors.As(err, &wrong) && a.globals.format == formatJSON {
		v.Problems = wrong.lines
		return errors.Join(a.printer().json(v), err)
	}
	if err != nil {
		return err
	}
	if a.globals.format == formatTable {
		if !found {
			return a.printer().write("ok: no configuration file, the defaults hold\n")
		}
		return a.printer().write(v.File + ": ok\n")
	}
	return one(a.printer(), v, v.File, nil)
}
