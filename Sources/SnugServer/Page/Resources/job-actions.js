// SPDX-License-Identifier: Apache-2.0
// The decisions that a person can take about a job, with what each costs.

/** What a state means, in a sentence. */
export const meanings = {
  waiting: "Waits for a worker, or for its time.",
  running: "Is being worked on now.",
  paused: "Was paused by a person.",
  held: "Waits for your decision.",
  failed: "Could not be done. Nothing happens until you retry it.",
  delivered: "Its result is in its place.",
  cancelled: "Was given up.",
};

const submits = (job) => (job.options?.stages ?? []).includes("generate");
const uploadsOnly = (job) => !submits(job) && (job.options?.stages ?? []).includes("upload");
const isBeforeSubmission = (job) => ["settle", "fit", "upload", "submit"].includes(job.step);
const payer = (job) => job.account ? `account ${job.account}` : "the account";

function costOfRetry(job) {
  if (job.step === "reconcile") return { cost: "Asks the provider whether the first request took effect. Costs nothing." };
  if (job.step === "collect") return { cost: "Fetches the result that is already paid for. Costs nothing more." };
  if (submits(job) && isBeforeSubmission(job)) {
    return { cost: `Starts again at ${job.step}. The generation is charged once, to ${payer(job)}.`, isPaid: true };
  }
  return { cost: `Starts again at ${job.step}. Costs nothing.` };
}

function costOfGivingUp(job) {
  if (job.outcome_unknown && uploadsOnly(job)) return "Ends the job. The server may have its file.";
  if (job.outcome_unknown) return "Ends the job. If the first request took effect, it is charged and its result is lost.";
  if (job.payload?.isAccepted) return "Ends the job. Its generation is already paid for, and the result is lost.";
  return "Ends the job. Costs nothing.";
}

const retry = (job) => ({
  name: "retry", label: job.step === "reconcile" ? "Ask the provider" : "Retry", ...costOfRetry(job),
});
const giveUp = (job) => ({
  name: "drop", label: "Give up", cost: costOfGivingUp(job), asks: job.outcome_unknown || job.payload?.isAccepted === true,
});
const payAgain = (job) => uploadsOnly(job) ? {
  name: "pay-again", label: "Send again", asks: true,
  cost: "Sends the file again. If the first request took effect, the server has it twice.",
} : ({
  name: "pay-again", label: "Submit again", isPaid: true, asks: true,
  cost: `Sends the request again. If the first one took effect, ${payer(job)} is charged twice.`,
});
const cancel = { name: "cancel", label: "Cancel", cost: "Ends the job. Retry brings it back." };
const pause = { name: "pause", label: "Pause…", cost: "Keeps the job where it is." };
const resume = { name: "resume", label: "Resume", cost: "Lets the job go on." };

/** The decisions that the state of a job allows, the likeliest first. */
export function actionsOf(job) {
  const canRetry = !job.outcome_unknown || job.step === "reconcile";
  switch (job.state) {
    case "waiting": return [pause, cancel];
    case "running": return job.cancel_requested ? [] : [cancel];
    case "paused": return [resume, cancel];
    case "failed": return [...(canRetry ? [retry(job)] : []), giveUp(job)];
    case "held": return [...(canRetry ? [retry(job)] : []), ...(job.outcome_unknown ? [payAgain(job)] : []), giveUp(job)];
    case "cancelled": return job.outcome_unknown ? [payAgain(job)] : [retry(job)];
    default: return [];
  }
}

/** Decisions about many jobs at once, with the states that each is about. A second payment is decided one by one. */
const bulk = [
  { name: "retry", label: "Retry", states: ["failed", "held", "cancelled"],
    cost: "Jobs that had not been submitted to a provider are charged once each when they get there." },
  { name: "resume", label: "Resume", states: ["paused"], cost: "Costs nothing by itself." },
  { name: "pause", label: "Pause…", states: ["waiting"], cost: "Costs nothing." },
  { name: "cancel", label: "Cancel", states: ["waiting", "running", "paused"], cost: "Retry brings them back." },
  { name: "drop", label: "Give up", states: ["failed", "held"], cost: "Results that are paid for and not here yet are lost." },
];

/** What is offered where no state is chosen: the ways back to work. */
const usual = { retry: ["failed"], resume: ["paused"] };

/** The decisions for everything that a filter selects; each with the states that it changes. */
export function bulkActionsOf(filter) {
  return bulk.map((action) => ({
    ...action,
    states: filter.states.length > 0
      ? action.states.filter((state) => filter.states.includes(state)) : usual[action.name] ?? [],
  })).filter((action) => action.states.length > 0);
}
