package main

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promtool is Prometheus's checker of metrics and rules.
func promtool(t *testing.T, input string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if path, err = filepath.Abs("../../.tools/promtool"); err == nil {
			path, err = exec.LookPath(path)
		}
	}
	if err != nil {
		t.Fatal("promtool is missing: run make tools")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdin = "../../deploy", strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// busyMetrics are the metrics of a daemon in which everything has happened
// once.
func busyMetrics(t *testing.T) string {
	t.Helper()
	hub := newHub(t)
	h := newHost(t, `schedule: "@daily"`, "hubs: ["+hub.url+"?token=hush]", "serve: {rate_limit: {requests: 2}}", `backup: {schedule: "@daily"}`) // the hub asks once, too
	p := h.serve()
	h.must(0, "post", "add", "--category", "Design", h.write("a.md", "# A title\n\ntext\n"))
	h.must(0, "republish")
	for _, status := range []int{http.StatusOK, http.StatusTooManyRequests} {
		if resp, _ := get(t, h.url+"design/rss.xml"); resp.StatusCode != status {
			t.Errorf("%s, want %d", resp.Status, status)
		}
	}
	var text string
	eventually(t, "every request is counted, and a backup made", func() bool {
		_, text = get(t, p.admin+"metrics")
		return strings.Contains(text, `status="429"`) && strings.Contains(text, "syndic_backups_kept 1")
	})
	return text
}

func TestMetricsOfADaemon(t *testing.T) {
	text := busyMetrics(t)
	if out := promtool(t, text, "check", "metrics"); out != "" {
		t.Errorf("promtool check metrics:\n%s", out)
	}
	for _, want := range []string{
		`syndic_http_requests_total{category="design",encoding="gzip",format="rss",status="200"} 2`,
		`syndic_http_requests_total{category="design",encoding="identity",format="rss",status="429"} 1`,
		`syndic_http_rate_limited_total 1`, `syndic_ready 1`, `syndic_publications_total{result="failed"} 0`,
		`syndic_publications_failing 0`, `syndic_publication_overdue_seconds 0`, `syndic_slots_missed_total 0`,
		`state="failed"} 0`, `state="waiting"} 0`, `outcome="delivered"} 6`, `syndic_feed_generation{category="design",format="atom"}`,
		`syndic_config_reloads_total{result="refused"} 0`, `syndic_store_open_views `, `syndic_backup_failing 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, positive := range []string{
		"syndic_store_size_bytes", "syndic_store_disk_free_bytes", "syndic_store_views_total", "syndic_store_commit_duration_seconds_count",
		"syndic_backup_last_success_timestamp_seconds", "syndic_backup_next_timestamp_seconds", "syndic_scheduler_last_step_timestamp_seconds", "syndic_publication_lateness_seconds_count", "syndic_control_requests_total",
	} {
		if !regexp.MustCompile(`(?m)^` + positive + `(\{.*\})? [1-9]`).MatchString(text) {
			t.Errorf("%s is nothing", positive)
		}
	}
	if strings.Contains(text, "hush") {
		t.Error("the metrics hold a hub's token")
	}
}

// What the dashboard and the rules show is there.
func TestDeployedNamesExist(t *testing.T) {
	text := busyMetrics(t)
	known := map[string]bool{"up": true}
	for _, m := range regexp.MustCompile(`(?m)^([a-z_]+)[{ ]`).FindAllStringSubmatch(text, -1) {
		known[m[1]] = true
	}
	exprs := dashboardExpressions(t)
	if len(exprs) < 30 {
		t.Errorf("the dashboard has %d expressions", len(exprs))
	}
	rules := string(readFile(t, "../../deploy/alerts.yaml"))
	for _, rule := range strings.Split(rules, "expr: ")[1:] {
		expr, _, _ := strings.Cut(rule, "\n        ")
		if strings.HasPrefix(rule, ">-") {
			expr, _, _ = strings.Cut(rule, "labels:")
		}
		exprs = append(exprs, expr)
	}
	name := regexp.MustCompile(`\b(syndic|go|process)_[a-z_]+|\bup\b`)
	found := 0
	for _, expr := range exprs {
		for _, metric := range name.FindAllString(expr, -1) {
			if found++; !known[metric] {
				t.Errorf("there is no metric %s: %s", metric, expr)
			}
		}
	}
	for _, metric := range regexp.MustCompile(`\bsyndic_[a-z_]*[a-z]\b`).FindAllString(string(readFile(t, "../../docs/operating.md")), -1) {
		if !known[metric] && !known[metric+"_count"] {
			t.Errorf("docs/operating.md names %s, which is not there", metric)
		}
	}
	if found < 70 {
		t.Errorf("only %d names were looked at", found)
	}
}

// dashboardExpressions are what the dashboard asks Prometheus.
func dashboardExpressions(t *testing.T) (exprs []string) {
	t.Helper()
	var d struct {
		Panels []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Query any }
		}
	}
	if err := json.Unmarshal(readFile(t, "../../deploy/grafana-dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	var ids []int
	for _, p := range d.Panels {
		if slices.Contains(ids, p.ID) || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d, %q", p.ID, p.Title)
		}
		ids = append(ids, p.ID)
		for _, target := range p.Targets {
			exprs = append(exprs, target.Expr)
		}
	}
	return exprs
}

func TestAlertRules(t *testing.T) {
	promtool(t, "", "check", "rules", "alerts.yaml")
	promtool(t, "", "test", "rules", "alerts_test.yaml")
	rules, tests := string(readFile(t, "../../deploy/alerts.yaml")), string(readFile(t, "../../deploy/alerts_test.yaml"))
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1) {
		if !regexp.MustCompile(`alertname: ` + m[1] + `\n +exp_alerts`).MatchString(tests) {
			t.Errorf("no test sees %s fire", m[1])
		}
	}
}
