import './page.js'

console.log(JSON.stringify(globalThis.runReference()))
