import { fenced, sources } from '../.vitepress/repository'

export default {
  paths: () => sources.map((path) => ({ params: { path }, content: fenced(path) })),
}
