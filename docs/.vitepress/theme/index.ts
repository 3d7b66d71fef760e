import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import { h } from 'vue'
import 'katex/dist/katex.min.css'
import NotFound from './NotFound.vue'
import './style.css'

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'not-found': () => h(NotFound) }),
  enhanceApp: ({ router, siteData }) => {
    if (import.meta.env.SSR) return
    // The pages of source files are not of this application: the browser goes there by itself.
    router.onBeforeRouteChange = (to) => {
      const { pathname } = new URL(to, location.href)
      if (!pathname.startsWith(`${siteData.value.base}source/`) || pathname.endsWith('/')) return true
      location.assign(to)
      return false
    }
  },
} satisfies Theme
