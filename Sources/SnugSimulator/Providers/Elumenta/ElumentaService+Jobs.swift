// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Submitting and polling.
extension ElumentaService {
    func generate(_ request: Request, account: String, plan: JobPlan) async throws(ElumentaError) -> Reply {
        let start = world.clock.now
        try state.withLock { state throws(ElumentaError) in try state.admit(account, now: Int(start)) }
        let submission = try ElumentaSubmission(request, world: world)
        let job = try state.withLock { state throws(ElumentaError) in
            try book(submission, request, account: account, plan: plan, in: &state)
        }
        if plan.duration > 0 {
            do {
                try await world.clock.sleep(until: start + Double(plan.duration) / 1000)
            } catch {
                throw .providerError
            }
        }
        return Reply(200, json: body(job))
    }

    /// Makes the job and takes the tokens; a failure gives them back.
    ///
    /// The tokens are taken at submission although the API shows `tokens_spent` only at the end: a job that is never polled
    /// costs as much as one that is.
    private func book(
        _ submission: ElumentaSubmission, _ request: Request, account: String, plan: JobPlan,
        in state: inout ElumentaState
    ) throws(ElumentaError) -> ElumentaState.Job {
        guard var customer = state.accounts[account] else { throw .notAuthenticated }
        guard customer.settings.plan.covers(submission.model.minimumPlan) else { throw .insufficientPlan }
        guard customer.balance >= submission.cost else {
            throw .insufficientTokens(required: submission.cost, available: customer.balance)
        }
        customer.balance -= submission.cost
        state.accounts[account] = customer
        let number = state.nextJob
        state.nextJob += 1
        let maker = ResultMaker(world: world)
        let bytes = maker.bytes(
            plan, width: submission.width, height: submission.height, seed: submission.seed ?? number,
            format: submission.format)
        var polls = max(plan.pendingPolls, submission.model.isSlow ? 2 : 0)
        if case .unknownWord = plan.outcome { polls = max(polls, 1) }
        let job = ElumentaState.Job(
            number: number, identifier: plan.identifier == .integer ? .integer(number) : "gen_\(number)",
            account: account, model: submission.model, prompt: submission.prompt, width: submission.width,
            height: submission.height, plan: plan, pollsLeft: polls, cost: submission.cost,
            result: maker.store(bytes, plan: plan, format: submission.format), createdAt: world.clock.iso8601())
        state.jobs.append(job)
        world.ledger.record(
            LedgerEntry(
                generation: "elumenta-\(number)", service: .elumenta, account: account, model: submission.model.slug,
                prompt: submission.prompt, idempotencyKey: request.headers["Idempotency-Key"],
                requestDigest: request.digest, seed: submission.seed, request: request.number,
                createdAt: job.createdAt, cost: Double(submission.cost), isRefunded: false, joins: 0))
        settle(job, in: &state)
        return job
    }

    func poll(_ identifier: String, account: String) throws(ElumentaError) -> Reply {
        let now = world.clock.seconds
        let countsPolls = world.configuration.elumenta.countsPolls
        return try state.withLock { state throws(ElumentaError) in
            if countsPolls { try state.admit(account, now: now) }
            guard
                let index = state.jobs.firstIndex(where: {
                    identifier == "\($0.number)" || identifier == "gen_\($0.number)"
                }), state.jobs[index].account == account, !state.jobs[index].isDeleted
            else { throw .notFound }
            let wasSettled = state.jobs[index].isSettled
            // The k-th poll of a plan with k pending polls still says pending.
            let reply = Reply(200, json: body(state.jobs[index]))
            guard !wasSettled else { return reply }
            state.jobs[index].pollsLeft -= 1
            settle(state.jobs[index], in: &state)
            return reply
        }
    }

    /// Gives the tokens of a job back once it has failed.
    private func settle(_ job: ElumentaState.Job, in state: inout ElumentaState) {
        guard job.failure != nil else { return }
        state.accounts[job.account]?.balance += job.cost
        world.ledger.refund("elumenta-\(job.number)")
    }

    func body(_ job: ElumentaState.Job) -> JSON {
        let isCompleted = job.status == "completed"
        let url = isCompleted ? ResultMaker(world: world).url(job.result, plan: job.plan) : nil
        let metadata: JSON = ["width": .integer(job.width), "height": .integer(job.height), "duration": nil]
        return [
            "id": job.identifier, "status": .text(job.status), "model_slug": .text(job.model.slug),
            "result_url": JSON(url), "result_text": nil, "thumbnail_url": nil, "error": JSON(job.failure),
            "tokens_spent": .integer(isCompleted ? job.cost : 0), "processing_ms": .integer(job.plan.duration),
            "result_metadata": isCompleted ? metadata : nil,
        ]
    }
}
