package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/importer"
)

func (a *app) editCommand() *cobra.Command {
	file, noProbe := "", false
	cmd := &cobra.Command{
		Use:   "edit ID",
		Short: "Change a post in $VISUAL or $EDITOR, or replace it by a file",
		Long: `Change a post in $VISUAL or $EDITOR, as Markdown with front matter, or replace
it by a file (- is standard input). A file with front matter is the whole post;
one without replaces the text alone, and the title if its first heading gives
one: everything else stays. The post's id never changes.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(writing, func(c call) error {
			old, err := c.client.Post(c, c.args[0])
			if err != nil {
				return err
			}
			rev := reviser{a, c, old, noProbe}
			if file != "" {
				return rev.replace(file)
			}
			return rev.edit()
		}),
	}
	cmd.Flags().StringVar(&file, "file", "", "take the post, or its text alone, from this `file`")
	cmd.Flags().BoolVar(&noProbe, "no-probe", false, noProbeHelp)
	return cmd
}

// reviser gives one post another text.
type reviser struct {
	*app
	call
	old     control.PostInfo
	noProbe bool
}

func (r reviser) replace(file string) error {
	src, err := r.readSource(file, new(bytes.Buffer))
	if err != nil {
		return err
	}
	doc, err := r.revision(file, src)
	if err == nil && !importer.HasFront(src) {
		doc, err = r.withText(doc)
	}
	if err != nil {
		return err
	}
	return r.send(doc, file)
}

// withText is the post as it is, with the text of a document that says nothing
// else.
func (r reviser) withText(doc control.Document) (control.Document, error) {
	old, err := r.document()
	if err != nil {
		return doc, err
	}
	old.Post.Title = cmp.Or(doc.Post.Title, old.Post.Title)
	old.Post.Body, old.Post.Markup, old.Post.File, old.Links = doc.Post.Body, doc.Post.Markup, "", doc.Links
	return old, nil
}

// document is the post as it is, as a door would hand it in.
func (r reviser) document() (control.Document, error) {
	if r.old.Document == nil {
		return control.Document{}, fmt.Errorf("the daemon did not send the text of %s: restart it", r.old.ID)
	}
	return *r.old.Document, nil
}

// edit has the user change the post in an editor. What cannot be read or sent
// afterwards is kept.
func (r reviser) edit() (err error) {
	old, err := r.document()
	if err != nil {
		return err
	}
	before := importer.Format(importer.Document(old))
	path, err := writeTemp(before)
	if err != nil {
		return err
	}
	keep := false
	defer func() {
		if keep {
			err = fmt.Errorf("%w; your text is kept in %s", err, path)
			return
		}
		err = errors.Join(err, os.Remove(path))
	}()
	if err := r.openEditor(r, path); err != nil {
		return err
	}
	after, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the edited post: %w", err)
	}
	if bytes.Equal(before, after) {
		r.tell("nothing was changed")
		return nil
	}
	doc, err := r.revision(path, after)
	if err == nil {
		doc.Post.Markup = old.Post.Markup
		err = r.send(doc, path)
	}
	keep = err != nil
	return err
}

func writeTemp(text []byte) (string, error) {
	f, err := os.CreateTemp("", "syndic-*.md")
	if err != nil {
		return "", fmt.Errorf("make a file to edit: %w", err)
	}
	if _, err := f.Write(text); err != nil {
		return "", errors.Join(fmt.Errorf("make a file to edit: %w", err), f.Close(), os.Remove(f.Name()))
	}
	return f.Name(), f.Close()
}

// openEditor runs the user's editor, which may be a command with arguments.
func (a *app) openEditor(ctx context.Context, path string) error {
	editor := cmp.Or(a.getenv("VISUAL"), a.getenv("EDITOR"), "vi")
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.messages, a.messages
	if a.out == os.Stdout && terminal(a.out) {
		cmd.Stdout = a.out
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run editor %q: %w: set VISUAL or EDITOR, or give --file", editor, err)
	}
	return nil
}

// nameless is a file's name that no front matter gives as a slug.
const nameless = "syndic-post-without-a-name-of-its-own"

// revision reads a post's new text. A slug or a date that would only come from
// the name of the file is none: the post has its own.
func (a *app) revision(file string, src []byte) (control.Document, error) {
	named, err := importer.Markdown(file, src)
	if err != nil {
		return control.Document{}, err
	}
	a.warn(named.Warnings)
	doc, err := importer.Markdown(nameless+".md", src)
	if err != nil {
		return control.Document{}, err
	}
	doc.Warnings, doc.Post.File = nil, ""
	if doc.Post.Slug == nameless {
		doc.Post.Slug = ""
	}
	return control.Document(doc), nil
}

// send hands the new text in, which comes from a file. The one that the post came
// from is left behind, unless it is that.
func (r reviser) send(doc control.Document, from string) error {
	res, err := r.client.Act(r, control.PostAction{Name: r.old.ID, Action: "edit", Edit: &doc, NoProbe: r.noProbe})
	if err != nil {
		return err
	}
	if res.Status == control.Changed && res.File != "" && res.File != filepath.Base(from) {
		r.tell("%s has the former text, and brings it back when it is added again: change it, too", res.File)
	}
	return r.acted(res)
}
