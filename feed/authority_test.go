package feed

import "testing"

func TestFirstAuthority(t *testing.T) {
	for _, c := range []struct {
		site     Site
		want     string
		loopback bool
	}{
		{Site{URL: "https://Journal.Example:8443/blog/"}, "journal.example", false},
		{Site{URL: "https://journal.example/", Authority: "Ed@Other.Example"}, "ed@other.example", false},
		{Site{URL: "http://127.0.0.1:8080/"}, "127.0.0.1", true},
		{Site{URL: "http://[::1]:8080/"}, "--1", true},
		{Site{URL: "http://my.localhost/"}, "my.localhost", true},
		{Site{URL: "http://192.0.2.1/"}, "192.0.2.1", false},
		{Site{}, "", false},
	} {
		got := c.site.FirstAuthority()
		if got != c.want || Loopback(got) != c.loopback {
			t.Errorf("%+v: %q, loopback %t; want %q, %t", c.site, got, Loopback(got), c.want, c.loopback)
		}
	}
}
