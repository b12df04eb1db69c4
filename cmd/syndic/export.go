package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/feed"
	"syndic/importer"
)

func (a *app) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export DIR",
		Short: "Write every post back as Markdown with front matter",
		Long: `Write every post back as Markdown with front matter, each into a folder of its
own in DIR, in the order in which they were added. "syndic post add DIR" of that
into an empty database gives the same posts with the same ids and dates. A post
that was recalled is written as a draft, so that nothing sends it out again.

DIR is new, empty, or an earlier export, in which only what differs is written.
Files of other origin, and exported files that were changed since, are left alone.

Exit codes: 0 done; 1 failed; 3 done but for files that were left alone.`,
		Example: `  syndic export /srv/posts
  syndic --data /tmp/copy post add --no-probe /srv/posts`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.export(cmd.Context(), args[0])
		},
	}
}

// exported is what export has to say.
type exported struct {
	Directory string   `json:"directory"`
	Posts     int      `json:"posts"`
	Written   int      `json:"written"`
	Unchanged int      `json:"unchanged"`
	Deleted   int      `json:"deleted"` // files of posts that are gone, or have another slug now
	LeftAlone []string `json:"left_alone"`
	Removed   int      `json:"removed"` // posts of which nothing is left to write
}

func (a *app) export(ctx context.Context, dir string) error {
	s, err := a.connect(ctx, reading)
	if err != nil {
		return err
	}
	defer s.close()
	f, err := openFolder(dir)
	if err != nil {
		return err
	}
	defer f.close()
	done := exported{Directory: dir, LeftAlone: []string{}}
	if err := a.exportAll(ctx, s.client, f, &done); err != nil {
		return interrupted(ctx, fmt.Errorf("export to %s: %w: run it again to go on", dir, err))
	}
	done.Written, done.Unchanged, done.Deleted = f.written, f.unchanged, f.deleted
	done.LeftAlone = append(done.LeftAlone, f.left...)
	if done.Removed > 0 {
		a.tell("%s removed, and nothing is left to write of that", counted(done.Removed, "post was", "posts were"))
	}
	err = one(a.printer(), done, dir, []field{
		{"directory", dir}, {"posts", fmt.Sprint(done.Posts)}, {"written", fmt.Sprint(done.Written)},
		{"unchanged", fmt.Sprint(done.Unchanged)}, {"deleted", count(done.Deleted)}, {"left alone", count(len(f.left))},
	})
	if err != nil || len(f.left) == 0 {
		return err
	}
	return fail(exitPartly, "left alone, as it is not what an export wrote: %s\nmove it away, and run this again", strings.Join(f.left, ", "))
}

// exportAll writes every post, page by page. Files of posts that are gone go
// last, once it is known which those are.
func (a *app) exportAll(ctx context.Context, client *control.Client, f *folder, done *exported) error {
	for after := uint64(0); ; {
		page, err := client.Export(ctx, after)
		if err != nil {
			return err
		}
		for _, p := range page.Posts {
			if p.Document == nil {
				done.Removed++
				continue
			}
			done.Posts++
			if p.Document.Post.Markup == feed.HTML {
				a.tell("warning: %s is HTML, and is written as HTML within Markdown", p.Document.Post.ID)
			}
			if err := f.write(exportName(p), exportText(p)); err != nil {
				return err
			}
		}
		if after = page.Next; after == 0 {
			return f.finish()
		}
	}
}

// exportName is where a post's file is: in a folder that sorts by the order of
// adding, as posts of one date stand in that order in feeds. The file has the
// name that it came with, by which it is known when it is added again.
func exportName(p control.ExportedPost) string {
	post := p.Document.Post
	name := post.File
	ext := strings.ToLower(filepath.Ext(name))
	odd := func(r rune) bool {
		return r == '/' || r == '\\' || unicode.IsControl(r) || r == unicode.ReplacementChar
	}
	if strings.HasPrefix(name, ".") || strings.ContainsFunc(name, odd) || len(name) > 200 || !slices.Contains([]string{".md", ".markdown"}, ext) {
		name = post.Slug + ".md"
	}
	return fmt.Sprintf("%07d-%s/%s", p.Num, post.Slug, name)
}

// exportText is a post as a file.
func exportText(p control.ExportedPost) []byte {
	text := importer.Format(importer.Document(*p.Document))
	if p.State == feed.Recalled {
		text = bytes.Replace(text, []byte("\ndraft: true\n"), []byte("\n# It was recalled; as a draft it stays back.\ndraft: true\n"), 1)
	}
	return text
}
