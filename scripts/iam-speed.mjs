// Decides the questions of iam_speed.py with @cloud-copilot/iam-simulate, run as
// a program of its own, and prints one verdict a line; the time goes to stderr.
// Usage: node iam-speed.mjs questions.ndjson
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const questions = readFileSync(process.argv[2], 'utf8').trim().split('\n').map((line) => {
  const q = JSON.parse(line)
  return {
    identityPolicies: q.policies.identity.map((policy, i) => ({ name: `p${i}`, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    request: {
      principal: q.request.principal,
      action: q.request.action,
      resource: { resource: q.request.resource, accountId: q.request.resourceAccount },
      contextVariables: q.request.context
    }
  }
})
for (const q of questions.slice(0, 200)) await runSimulation(q, {}) // warm up
const verdicts = []
const start = process.cpuUsage()
for (const q of questions) {
  const r = await runSimulation(q, {})
  verdicts.push(r.resultType === 'error' ? 'error ' + r.errors.message : r.overallResult)
}
const used = process.cpuUsage(start)
console.log(verdicts.join('\n'))
console.error(JSON.stringify({ decisions: questions.length, seconds: (used.user + used.system) / 1e6 }))
