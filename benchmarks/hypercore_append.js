// Appends records (one a line) to a hypercore in batches of 1,000 and syncs its files after each.
// usage: node hypercore_append.js FILE FOLDER; prints {"rows":N,"seconds":S}
const fs = require('fs')
const path = require('path')
const Hypercore = require(path.resolve(process.env.PEERS, 'node_modules/hypercore'))

function syncAll (folder) {
  for (const name of fs.readdirSync(folder)) {
    const fd = fs.openSync(path.join(folder, name), 'r+')
    fs.fdatasyncSync(fd)
    fs.closeSync(fd)
  }
}

async function main () {
  const [file, folder] = process.argv.slice(2)
  const records = fs.readFileSync(file, 'utf8').trimEnd().split('\n').map(line => Buffer.from(line))
  const core = new Hypercore(folder)
  await core.ready()
  const started = process.hrtime.bigint()
  for (let at = 0; at < records.length; at += 1000) {
    await core.append(records.slice(at, at + 1000))
    syncAll(folder)
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  console.log(JSON.stringify({ rows: records.length, seconds }))
  await core.close()
}

main()
