// A second implementation of the client's decision, in plain JavaScript without dependencies, written from
// tests/vectors/client/README.md. It trusts its input: verifying signatures and the form of files comes before.

const DAY = 86_400_000
const OLDEST = 366 * DAY

/** Compare two versions such as 4.1.0 and 4.1.0-rc.2: negative, zero or positive. */
export function compare(a, b) {
  const [left, right] = [parse(a), parse(b)]
  for (let place = 0; place < Math.max(left.numbers.length, right.numbers.length); place++) {
    const difference = (left.numbers[place] ?? 0n) - (right.numbers[place] ?? 0n)
    if (difference !== 0n) return difference < 0n ? -1 : 1
  }
  // A release comes after its own pre-releases.
  if (left.words.length === 0 || right.words.length === 0) return Math.sign(right.words.length - left.words.length)
  for (let place = 0; place < Math.max(left.words.length, right.words.length); place++) {
    const [one, other] = [left.words[place], right.words[place]]
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1
    const order = comparePart(one, other)
    if (order !== 0) return order
  }
  return 0
}

function parse(text) {
  const [release] = text.split("-", 1)
  const rest = text.slice(release.length + 1)
  return { numbers: release.split(".").map(BigInt), words: rest === "" ? [] : rest.split(".") }
}

function comparePart(one, other) {
  const [isNumber, otherIsNumber] = [/^[0-9]+$/.test(one), /^[0-9]+$/.test(other)]
  if (isNumber !== otherIsNumber) return isNumber ? -1 : 1
  const [left, right] = isNumber ? [BigInt(one), BigInt(other)] : [one, other]
  return left === right ? 0 : left < right ? -1 : 1
}

/** What to remember of holds and withdrawals after a check, and what is in force. */
export function remember({ remembered, listed, signed_by, keys, lifted }) {
  const items = remembered.map(item => ({ ...item, keys: item.keys.filter(key => keys.includes(key)) }))
  for (const [kind, brakes] of [["hold", listed.holds ?? []], ["withdrawal", listed.withdrawn ?? []]]) {
    for (const brake of brakes) {
      const known = items.find(item => item.kind === kind && sameBrake(item, brake))
      if (known) known.keys = [...new Set([...known.keys, ...signed_by])]
      else items.push({ kind, ...brake, keys: [...new Set(signed_by)] })
    }
  }
  const kept = items.filter(item => item.keys.length > 0 && !lifted.includes(item.id))
  const inForce = (kind, brakes) => {
    const before = kept.filter(item => item.kind === kind && !brakes.some(brake => sameBrake(item, brake)))
    return [...before.map(({ kind: _kind, keys: _keys, ...brake }) => brake), ...brakes]
      .filter(brake => !lifted.includes(brake.id))
  }
  return {
    remembered: kept,
    in_force: {
      holds: inForce("hold", listed.holds ?? []),
      withdrawn: inForce("withdrawal", listed.withdrawn ?? []),
    },
  }
}

// An id names a notice that is not read here, so a brake is the same only if all of it is.
function sameBrake(one, other) {
  const platforms = brake => [...(brake.platforms ?? [])].sort().join(" ")
  return one.id === other.id && compare(one.version, other.version) === 0 && platforms(one) === platforms(other)
}

/** The answer to one machine. `withdrawal` is the notice of the withdrawal of what it runs, or null. */
export function decide({ feed, brakes, withdrawal, state, now }) {
  const { current } = state
  const stopping = (list, version) => (list ?? []).filter(brake =>
    compare(brake.version, version) === 0
    && (!brake.platforms?.length || brake.platforms.some(id => id === state.platform || id === feed.platform))).at(-1)
  const holdOf = version => stopping(brakes.holds, version)
  const withdrawalOf = version => stopping(brakes.withdrawn, version)
  const verdictOf = version =>
    Object.entries(state.taken_back).find(([other]) => compare(other, version) === 0)?.[1]
  const belowFloor = version => feed.min_secure != null && compare(version, feed.min_secure) < 0
  const isGone = version => withdrawalOf(version) !== undefined || verdictOf(version) !== undefined

  const usable = [feed.release, feed.previous].filter(
    release => release && !isGone(release.version) && !belowFloor(release.version))
  const newer = usable.filter(release => current === null || compare(release.version, current) > 0)
  const forward = newer.find(release => holdOf(release.version) === undefined)
  const hold = newer.length > 0 ? holdOf(newer[0].version) : undefined
  const running = current === null ? undefined : withdrawalOf(current)
  const secure = current === null
    || !(belowFloor(current) || verdictOf(current) !== undefined || running !== undefined)

  const answer = (outcome, release, action) => ({
    outcome,
    offers: release?.version ?? null,
    action: release ? action : null,
    secure,
    required_by: release && release === forward ? requiredBy(feed, current, release, now) : null,
    hold: hold?.id ?? null,
    withdrawal: running?.id ?? null,
    exit_code: outcome === "withdrawn" ? 12 : release ? 10 : secure ? 0 : 11,
  })

  if (running !== undefined) {
    const release = forward ?? wayBack()
    return answer("withdrawn", release, withdrawal?.action === "keep-running" ? release?.action : "required")
  }
  if (forward !== undefined) {
    const urgent = !secure || requiredBy(feed, current, forward, now) !== null
    return answer("update-available", forward, urgent ? "required" : forward.action)
  }
  if (current !== null && verdictOf(current) !== undefined) return answer("taken-back")
  if (hold !== undefined) return answer("held")
  if (current === null || usable.length === 0) return answer("nothing-published")
  return answer(compare(usable[0].version, current) === 0 ? "up-to-date" : "ahead")

  // Older software is offered only where the brakes and the channel's own role have signed that, and nothing stops it.
  function wayBack() {
    const [verdict, target] = [verdictOf(current), feed.release]
    if (verdict === undefined || verdict === "forbidden" || !target) return undefined
    const isOpen = compare(target.version, current) < 0 && usable.includes(target) && !holdOf(target.version)
    return isOpen ? target : undefined
  }
}

/** By when the first event requires a release, of those whose runway has begun; null if none does. */
function requiredBy(feed, current, release, now) {
  const moment = Date.parse(now)
  const moments = (feed.requirements ?? [])
    .filter(item => current !== null
      && compare(current, item.at_least) < 0
      && compare(item.at_least, release.version) <= 0
      && Date.parse(item.runway_begins) <= moment)
    .map(item => due(item, moment))
  return moments.length > 0 ? timeText(Math.min(...moments)) : null
}

function due({ by, estimate }, moment) {
  if (estimate == null) return Date.parse(by)
  const age = Math.min(Math.max(moment - Date.parse(estimate.as_of), 0), OLDEST)
  return Math.min(Date.parse(by), Date.parse(estimate.earliest) - age / DAY * estimate.drift_seconds_per_day * 1000)
}

function timeText(milliseconds) {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().replace(".000Z", "Z")
}
