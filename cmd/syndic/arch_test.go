package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floors are the packages of this module: imports only go down.
var floors = map[string]int{
	"syndic/feed":            0,
	"syndic/store":           1,
	"syndic/store/bolt":      2,
	"syndic/store/postgres":  2,
	"syndic/store/storetest": 2,
	"syndic/scheduler":       3,
	"syndic/websub":          3,
	"syndic/websub/hub":      3,
	"syndic/web":             3,
	"syndic/control":         3,
	"syndic/importer":        3,
	"syndic/cmd/syndic":      4,
	"syndic/bench":           5,
}

// backends are named by the command alone, and by tests.
var backends = []string{"syndic/store/bolt", "syndic/store/postgres", "syndic/store/storetest"}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
	Deps            []string
}

func goList(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,Deps", "./...")
	cmd.Dir, cmd.Stderr = "../..", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "syndic" || strings.HasPrefix(p.ImportPath, "syndic/") {
			all = append(all, p)
		}
	}
}

func TestImportsGoDown(t *testing.T) {
	packages := goList(t)
	if len(packages) < 9 {
		t.Fatalf("go list finds only %d packages", len(packages))
	}
	for _, p := range packages {
		level, known := floors[p.ImportPath]
		if !known {
			t.Errorf("%s has no floor: give it one in the table", p.ImportPath)
		}
		for _, i := range p.Imports {
			if below, ours := floors[i]; ours && below >= level {
				t.Errorf("%s (floor %d) imports %s (floor %d)", p.ImportPath, level, i, below)
			}
			if slices.Contains(backends, i) && level < 4 {
				t.Errorf("%s imports the backend %s", p.ImportPath, i)
			}
			if p.ImportPath == "syndic/importer" && i == "syndic/store" {
				t.Error("importer imports store: it must never touch it")
			}
		}
	}
}

// The feed package is a pure function of its arguments.
func TestFeedIsPure(t *testing.T) {
	for _, p := range goList(t) {
		if p.ImportPath != "syndic/feed" {
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains([]string{"os", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "log", "io/fs"}, i) ||
				strings.HasPrefix(i, "syndic/") || strings.Contains(i, "zerolog") || strings.Contains(i, "bbolt") {
				t.Errorf("feed imports %s", i)
			}
		}
		for _, name := range p.GoFiles {
			for _, call := range clockCalls(t, filepath.Join(p.Dir, name)) {
				t.Errorf("feed/%s calls %s", name, call)
			}
		}
		return
	}
	t.Error("there is no package feed")
}

// clockCalls lists the uses of the clock in a file.
func clockCalls(t *testing.T, file string) (calls []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep", "NewTimer", "NewTicker", "Tick", "AfterFunc"}, sel.Sel.Name) {
			calls = append(calls, "time."+sel.Sel.Name)
		}
		return true
	})
	return calls
}

// Only the command reads the environment, catches signals, or exits.
func TestOnlyTheCommandTouchesTheProcess(t *testing.T) {
	for _, p := range goList(t) {
		if floors[p.ImportPath] >= 4 {
			continue
		}
		if slices.Contains(p.Imports, "os/signal") || slices.Contains(p.Imports, "github.com/spf13/cobra") {
			t.Errorf("%s imports what only the command may", p.ImportPath)
		}
		for _, name := range p.GoFiles {
			text := string(readFile(t, filepath.Join(p.Dir, name)))
			for _, call := range []string{"os.Getenv(", "os.LookupEnv(", "os.Exit(", ".Fatal(", "log.Fatal"} {
				if strings.Contains(text, call) && p.ImportPath != "syndic/store/storetest" {
					t.Errorf("%s/%s calls %s", p.ImportPath, name, strings.TrimSuffix(call, "("))
				}
			}
		}
	}
}
