// Reads feeds with feedsmith and rss-parser, and checks JSON Feeds against a
// schema. Takes file names on standard input, one a line; writes one JSON object
// a line: {file, reader, item} or {file, reader, error}.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { readFile } from 'node:fs/promises'
import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import { parseAtomFeed, parseJsonFeed, parseRssFeed } from 'feedsmith'
import RssParser from 'rss-parser'

const ajv = new Ajv({ allErrors: true })
addFormats(ajv)
const valid = ajv.compile(createRequire(import.meta.url)('jsonfeed-schema/schema-v1.1.json'))

const list = (x) => (x === undefined ? [] : [x].flat())
const text = (x) => (typeof x === 'object' ? (x._ ?? x.value ?? '') : (x ?? ''))
const enclosure = (url, type, length) => ({ url, type: type ?? '', length: Number(length ?? 0) })

// RSS has "address (name)" where others have a person.
function mailbox(s) {
  const m = /^(\S+@\S+) \((.*)\)$/s.exec(s)
  return m ? { name: m[2], email: m[1] } : { name: s, email: s }
}

function feedsmithRSS(xml) {
  const i = parseRssFeed(xml).items[0]
  return {
    id: i.guid?.value, title: i.title, link: i.link, published: i.pubDate,
    authors: [...list(i.authors), ...list(i.dc?.creators).map((name) => ({ name }))],
    categories: list(i.categories).map((c) => c.name),
    content: i.content?.encoded,
    enclosures: list(i.enclosures).map((e) => enclosure(e.url, e.type, e.length)),
  }
}

function feedsmithAtom(xml) {
  const i = parseAtomFeed(xml).entries[0]
  return {
    id: i.id, title: text(i.title), link: i.links.find((l) => l.rel === 'alternate')?.href,
    published: i.published, updated: i.updated,
    authors: list(i.authors).map((a) => ({ name: a.name, email: a.email, url: a.uri })),
    categories: list(i.categories).map((c) => c.label ?? c.term),
    content: text(i.content),
    enclosures: i.links.filter((l) => l.rel === 'enclosure').map((l) => enclosure(l.href, l.type, l.length)),
  }
}

function feedsmithJSON(json) {
  const i = parseJsonFeed(json).items[0]
  return {
    id: i.id, title: i.title, link: i.url, published: i.date_published, updated: i.date_modified,
    authors: list(i.authors).map((a) => ({ name: a.name, url: a.url })),
    categories: list(i.tags),
    content: i.content_html ?? i.content_text,
    enclosures: list(i.attachments).map((a) => enclosure(a.url, a.mime_type, a.size_in_bytes)),
  }
}

// What rss-parser does not read by itself it hands over on request.
const rssParser = new RssParser({
  customFields: {
    item: ['dc:creator', 'category', 'author', 'link', 'published', 'updated'].map((name) => [name, `all ${name}`, { keepArray: true }]),
  },
})

async function rssParserRSS(xml) {
  const i = (await rssParser.parseString(xml)).items[0]
  const e = i.enclosure
  return {
    id: i.guid, title: i.title, link: i.link, published: i.pubDate,
    authors: [...list(i['all author']).map(mailbox), ...list(i['all dc:creator']).map((name) => ({ name }))],
    categories: list(i.categories).map(text),
    content: i['content:encoded'],
    enclosures: e ? [enclosure(e.url, e.type, e.length)] : [],
  }
}

async function rssParserAtom(xml) {
  const i = (await rssParser.parseString(xml)).items[0]
  const links = list(i['all link']).map((l) => l.$)
  return {
    id: i.id, title: i.title, link: i.link, published: text(list(i['all published'])[0]), updated: text(list(i['all updated'])[0]),
    authors: list(i['all author']).map((a) => ({ name: a.name?.[0], email: a.email?.[0], url: a.uri?.[0] })),
    categories: list(i['all category']).map((c) => c.$.label ?? c.$.term),
    content: i.content,
    enclosures: links.filter((l) => l.rel === 'enclosure').map((l) => enclosure(l.href, l.type, l.length)),
  }
}

function conforms(json) {
  if (!valid(JSON.parse(json))) {
    throw new Error(ajv.errorsText(valid.errors))
  }
}

const readers = {
  'rss.xml': { feedsmith: feedsmithRSS, 'rss-parser': rssParserRSS },
  'atom.xml': { feedsmith: feedsmithAtom, 'rss-parser': rssParserAtom },
  'feed.json': { feedsmith: feedsmithJSON, schema: conforms },
}

for await (const file of createInterface({ input: process.stdin })) {
  const source = await readFile(file, 'utf8')
  const kind = Object.keys(readers).find((end) => file.endsWith(end))
  for (const [reader, read] of Object.entries(readers[kind])) {
    try {
      console.log(JSON.stringify({ file, reader, item: await read(source) }))
    } catch (e) {
      console.log(JSON.stringify({ file, reader, error: String(e.message ?? e) }))
    }
  }
}
