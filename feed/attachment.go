package feed

import (
	"mime"
	"net/url"
	"path"
	"strings"
)

// attachments gives each attachment a media type, which RSS and JSON Feed
// require.
func attachments(base string, list []Attachment) []Attachment {
	var out []Attachment
	for _, a := range list {
		a = Attachment{
			URL: absolute(base, a.URL), Type: line(a.Type), Title: line(a.Title),
			Size: max(a.Size, 0), Duration: max(a.Duration, 0),
		}
		if !isMediaType(a.Type) {
			a.Type = mediaType(a.URL)
		}
		if a.URL != "" {
			out = append(out, a)
		}
	}
	return out
}

// isMediaType tells whether s is a media type, with its parameters (RFC 9110
// §8.3.1).
func isMediaType(s string) bool {
	t, _, err := mime.ParseMediaType(s)
	return err == nil && strings.Contains(t, "/")
}

// unknownType is what is said of a file whose name tells nothing.
const unknownType = "application/octet-stream"

// mediaTypes has the types of files that posts carry. The system's own table
// would give other bytes on another machine.
var mediaTypes = map[string]string{
	".aac": "audio/aac", ".avif": "image/avif", ".flac": "audio/flac", ".gif": "image/gif",
	".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".m4a": "audio/mp4", ".m4v": "video/mp4",
	".mov": "video/quicktime", ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".oga": "audio/ogg",
	".ogg": "audio/ogg", ".ogv": "video/ogg", ".opus": "audio/ogg", ".pdf": "application/pdf",
	".png": "image/png", ".svg": "image/svg+xml", ".wav": "audio/wav", ".webm": "video/webm",
	".webp": "image/webp", ".zip": "application/zip",
}

// mediaType guesses from the end of the URL's path.
func mediaType(ref string) string {
	if u, err := url.Parse(ref); err == nil {
		if t, ok := mediaTypes[strings.ToLower(path.Ext(u.Path))]; ok {
			return t
		}
	}
	return unknownType
}
