import { badRequest } from "../engine/api-error.ts";
import { readDeliveryOptions } from "../engine/delivery-options.ts";
import { checkName, readDestination } from "../engine/destination.ts";
import { shownBody, shownHeaders, withoutNulls } from "../engine/message-view.ts";
import { newId } from "../engine/new-id.ts";
import type { ScheduleRecord } from "../engine/schedules.ts";
import { param, type Route, type RouteCall, type RouteReply } from "./route.ts";

function view(schedule: ScheduleRecord): Record<string, unknown> {
  const { options } = schedule;
  return withoutNulls({
    scheduleId: schedule.scheduleId,
    cron: schedule.cron,
    createdAt: schedule.createdAt,
    destination: schedule.destination,
    method: options.method,
    header: shownHeaders(schedule),
    ...shownBody(schedule),
    retries: options.maxRetries,
    delay: options.delayMs === 0 ? null : options.delayMs / 1_000,
    timeout: options.timeoutMs === null ? null : options.timeoutMs / 1_000,
    callback: options.callback?.url,
    failureCallback: options.failureCallback?.url,
    callerIP: schedule.callerIp,
    isPaused: schedule.isPaused,
    queueName: schedule.queueName,
    flowControlKey: options.flowControl?.key,
    parallelism: options.flowControl?.parallelism,
    rate: options.flowControl?.rate,
    period: options.flowControl?.rate == null ? null : options.flowControl.periodMs / 1_000,
    retryDelayExpression: options.retryDelay,
    label: options.labels[0],
    labels: options.labels.length === 0 ? null : options.labels,
    lastScheduleTime: schedule.lastScheduleTime,
    nextScheduleTime: schedule.nextScheduleTime,
    lastScheduleStates: schedule.lastScheduleStates,
  });
}

function create(call: RouteCall): RouteReply {
  const { engine, headers, body, callerIp } = call;
  const cron = headers.get("upstash-cron");
  if (cron === null) throw badRequest("A schedule needs Upstash-Cron.");
  const destination = param(call, "destination");
  const read = readDestination(destination);
  if (read.kind === "group") engine.groups.get(read.name);
  const queueName = headers.get("upstash-queue-name");
  if (queueName !== null) checkName(queueName, "queue name");
  const scheduleId = headers.get("upstash-schedule-id") ?? newId("scd_");
  engine.schedules.put({
    scheduleId: checkName(scheduleId, "id of a schedule"),
    cron,
    destination,
    body: Buffer.from(body).toString("base64"),
    options: readDeliveryOptions(headers, engine.limits),
    queueName,
    callerIp,
  });
  return { body: { scheduleId } };
}

function setPaused(call: RouteCall, isPaused: boolean): RouteReply {
  call.engine.schedules.setPaused(param(call, "scheduleId"), isPaused);
  return {};
}

/** Routes of schedules; pause and resume answer to the SDK's PATCH and to the public documentation's POST. */
export const SCHEDULE_ROUTES: readonly Route[] = [
  { method: "PATCH", path: "/v2/schedules/:scheduleId/pause", handle: (call) => setPaused(call, true) },
  { method: "PATCH", path: "/v2/schedules/:scheduleId/resume", handle: (call) => setPaused(call, false) },
  { method: "POST", path: "/v2/schedules/:scheduleId/pause", handle: (call) => setPaused(call, true) },
  { method: "POST", path: "/v2/schedules/:scheduleId/resume", handle: (call) => setPaused(call, false) },
  { method: "POST", path: "/v2/schedules/*destination", body: "message", handle: create },
  {
    method: "GET",
    path: "/v2/schedules",
    handle: ({ engine }) => ({ body: engine.schedules.list().map(view) }),
  },
  {
    method: "GET",
    path: "/v2/schedules/:scheduleId",
    handle: (call) => ({ body: view(call.engine.schedules.get(param(call, "scheduleId"))) }),
  },
  {
    method: "DELETE",
    path: "/v2/schedules/:scheduleId",
    handle: (call) => {
      call.engine.schedules.delete(param(call, "scheduleId"));
      return {};
    },
  },
];
