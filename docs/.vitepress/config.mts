import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { extend, slugify } from './markdown'
import { nav, sidebar } from './pages'
import { writeSources } from './sources'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  title: 'SpikingResformer',
  description: 'A spiking vision transformer as pure functions: the reference to read, port, verify and run.',
  lang: 'en',
  base: process.env['DOCS_BASE'] ?? '/',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  // The pages of source files are no pages of VitePress; a test of the built site follows every link.
  ignoreDeadLinks: [/^\/source\/./],
  metaChunk: true,
  router: { prefetchLinks: false },
  srcExclude: ['data/**'],
  // What pages link to and no page of VitePress is: the files that commands wrote, and the source files.
  buildEnd: ({ outDir, site: { base } }) => {
    cpSync(here('../data'), `${outDir}/data`, { recursive: true })
    writeSources(outDir, base)
  },
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
    search: { provider: 'local' },
  },
  vite: {
    server: { host: '127.0.0.1' },
    worker: { format: 'es' },
    build: { chunkSizeWarningLimit: 1500 },
    resolve: {
      alias: [
        { find: /^.*\/VPLocalSearchBox\.vue$/, replacement: here('./theme/SearchDialog.vue') },
        { find: /^.*\/VPLocalNavOutlineDropdown\.vue$/, replacement: here('./theme/OutlineMenu.vue') },
      ],
    },
  },
})
