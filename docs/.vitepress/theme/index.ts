import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import 'katex/dist/katex.min.css'
import './style.css'

export default { extends: DefaultTheme } satisfies Theme
