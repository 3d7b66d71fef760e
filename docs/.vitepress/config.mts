import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { extend, slugify } from './markdown'
import { nav, sidebar } from './pages'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  title: 'SpikingResformer',
  description: 'A spiking vision transformer as pure functions: the reference to read, port, verify and run.',
  lang: 'en',
  base: process.env['DOCS_BASE'] ?? '/',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  ignoreDeadLinks: process.env['DOCS_QUICK'] !== undefined,
  metaChunk: true,
  router: { prefetchLinks: false },
  srcExclude: ['data/**'],
  // What pages link to and no page is: the files that commands wrote.
  buildEnd: ({ outDir }) => cpSync(here('../data'), `${outDir}/data`, { recursive: true }),
  transformPageData: ({ relativePath, params }) =>
    relativePath.startsWith('source/') && params ? { title: String(params['path']) } : undefined,
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify },
    config: extend,
  },
  themeConfig: {
    siteTitle: 'SpikingResformer',
    sidebar,
    nav,
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        // Source files are not pages to find, and colouring them twice takes long.
        _render: (source, env, md) => (source.startsWith('---\nsearch: false') ? '' : md.render(source, env)),
      },
    },
  },
  vite: {
    server: { host: '127.0.0.1' },
    worker: { format: 'es' },
    build: { chunkSizeWarningLimit: 1500 },
    resolve: {
      alias: [{ find: /^.*\/VPLocalSearchBox\.vue$/, replacement: here('./theme/SearchDialog.vue') }],
    },
  },
})
