// A frontend in Node.js, by HTTP and by Kafka. Kafka needs one package: npm install @platformatic/kafka (on Node.js 20: @1.35.0)
//   node client.mjs http "Как получить справку?"      a message through the HTTP door, and the receipt
//   node client.mjs kafka "Как получить справку?"     the same through Kafka
//   node client.mjs notices                           notices for people, each reported as delivered
// Told by the environment: OTKLIK_HTTP, OTKLIK_FRONTEND, OTKLIK_KEY; for Kafka also OTKLIK_KAFKA, OTKLIK_KAFKA_USER, OTKLIK_AUTHORITY
// and OTKLIK_DIALOGUE_SECRET, which is your own and never changes. OTKLIK_KAFKA_TLS=no is for one machine alone.
import { createHmac, randomUUID } from 'node:crypto'

const told = process.env
const topic = kind => `channel.${kind}.${told.OTKLIK_FRONTEND}.v1`

// What a person wrote. external_id is your own id of the message: sending it again never makes a second request.
function message (text) {
  return {
    external_id: told.MESSAGE_ID ?? randomUUID(),
    received_at: new Date().toISOString(),
    dialogue: told.DIALOGUE ?? 'ivanova@example.org',
    sender: { name: 'Иванова Анна Петровна' },
    contacts: { email: 'ivanova@example.org' },
    text
  }
}

async function byHttp (text) {
  const body = JSON.stringify(message(text)) // made once: what is sent again is the same
  const door = new URL(`${told.OTKLIK_HTTP}/v1/messages`)
  for (;;) {
    let pause = 5
    try {
      const answer = await fetch(door, {
        method: 'POST',
        headers: { authorization: `Bearer ${told.OTKLIK_KEY}`, 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(60_000)
      })
      if (answer.status < 500 && answer.status !== 408) return { http: answer.status, ...await answer.json() }
      pause = Number(answer.headers.get('retry-after') ?? pause)
    } catch (none) { // whether it was kept is not known
      console.error(`no answer: ${none.message}`)
    }
    await new Promise(resolve => setTimeout(resolve, 1000 * pause)) // then the same again
  }
}

// One dialogue is one key, so its messages stay in order; an HMAC, because keys must not be personal.
const keyOf = dialogue => createHmac('sha256', told.OTKLIK_DIALOGUE_SECRET).update(dialogue).digest('hex')

function envelope (type, key, payload) {
  const now = new Date().toISOString()
  return JSON.stringify({
    event_id: randomUUID(),
    type,
    version: 1,
    authority: told.OTKLIK_AUTHORITY,
    aggregate_id: key,
    thread_id: key.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
    occurred_at: now,
    recorded_at: now,
    producer: told.OTKLIK_FRONTEND,
    payload
  })
}

async function kafka () {
  const { Consumer, Producer, stringDeserializers, stringSerializers } = await import('@platformatic/kafka')
  const entry = {
    clientId: told.OTKLIK_FRONTEND,
    bootstrapBrokers: told.OTKLIK_KAFKA.split(','),
    sasl: { mechanism: 'SCRAM-SHA-512', username: told.OTKLIK_KAFKA_USER, password: told.OTKLIK_KEY },
    ...(told.OTKLIK_KAFKA_TLS === 'no' ? {} : { tls: {} })
  }
  const producer = new Producer({ ...entry, serializers: stringSerializers, acks: -1 }) // -1: answered when all copies have it
  const consumer = new Consumer({ ...entry, deserializers: stringDeserializers, groupId: `${told.OTKLIK_FRONTEND}.example` })
  return {
    send: (key, value) => producer.send({ messages: [{ topic: topic('inbound'), key, value }] }),
    // A new group begins with the oldest record; offsets are committed when a record was dealt with, so none is lost.
    listen: kind => consumer.consume({ topics: [topic(kind)], mode: 'committed', fallbackMode: 'earliest', autocommit: false }),
    close: () => Promise.all([producer.close(), consumer.close(true)])
  }
}

async function byKafka (text) {
  const said = message(text)
  if (told.SEND_WRONG) delete said.received_at // to see a refusal
  const key = keyOf(said.dialogue)
  const doors = await kafka()
  try {
    await doors.send(key, envelope('MessageReceived', key, said))
    for await (const record of await doors.listen('receipts')) {
      const { type, payload } = JSON.parse(record.value)
      await record.commit()
      if (payload.external_id === said.external_id) return { type, ...payload }
    }
  } finally {
    await doors.close()
  }
}

async function notices () {
  const doors = await kafka()
  for await (const record of await doors.listen('outbound')) {
    const { type, payload } = JSON.parse(record.value)
    if (type === 'ReplyHandedOver') {
      console.log(`${payload.dialogue}: ${payload.text}`) // here your program writes to the person
      await doors.send(record.key, envelope('DeliveryReported', record.key, { notice_id: payload.notice_id, outcome: 'delivered' }))
    }
    await record.commit()
  }
}

const [door, text] = process.argv.slice(2)
const doors = { http: byHttp, kafka: byKafka, notices }
const result = await doors[door]?.(text)
console.log(result ? JSON.stringify(result, null, 2) : `how: node client.mjs ${Object.keys(doors).join(' | ')}`)
