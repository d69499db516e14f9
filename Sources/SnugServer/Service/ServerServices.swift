// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// The parts of a server, put together.
struct ServerServices: Sendable {
    let readiness: Readiness
    let metrics: ServerMetrics
    /// Every address that is served.
    let routes: [Route]
    /// The uploads in parts; `nil` without a daemon.
    let desk: UploadDesk?
    /// The results that clients of `/shrink` come back for.
    let results: ResultStore<ShrinkRoutes.Shrunk>
    /// The memory that bodies are taken into.
    let memory: MemoryFilePool
    let responder: RouterResponder<ServerContext>

    /// Bytes for the next bodies that are kept for each thread: a large photo has as many.
    private static let keptBytes = 16 << 20

    init(
        _ configuration: ServerConfiguration, fitter: ImageFitter, registry: PrometheusRegistry,
        ledger: (any LedgerStore)?, jobs: ServerJobs? = nil, folder: FilePath?
    ) {
        let ledger = jobs?.ledger ?? ledger
        let metrics = ServerMetrics(factory: registry)
        self.metrics = metrics
        let queue = AdmissionQueue(
            workers: fitter.configuration.threads, length: configuration.queueLength,
            timeout: configuration.queueTimeout)
        let receiving = BodyBudget(total: max(configuration.receivingBytes, configuration.maximumBodyBytes))
        memory = MemoryFilePool(
            capacity: configuration.maximumBodyBytes, keptBytes: fitter.configuration.threads * Self.keptBytes)
        let reader = BodyReader(maximumBytes: configuration.maximumBodyBytes, budget: receiving, memory: memory)
        readiness = Readiness(ledger: ledger, folder: folder, minimumDiskBytes: configuration.minimumDiskBytes)
        let work = FitWork(fitter: fitter, queue: queue, metrics: metrics, timeout: configuration.fitTimeout)
        let fit = FitRoutes(reader: reader, work: work)
        results = ResultStore(maximumBytes: configuration.resultBytes, maximumAge: configuration.resultAge)
        let shrink = ShrinkRoutes(reader: reader, work: work, store: results)
        let health = HealthRoutes(
            readiness: readiness, registry: registry, metrics: metrics, queue: queue, receiving: receiving,
            memory: memory, results: results, fitter: fitter)
        let page = PageRoutes()
        let pages = [
            Route(.get, "/", page.page), Route(.get, "/assets/{name}", page.asset),
            Route(.get, "/openapi.yaml", page.description),
            Route(.post, "/v1/fit", fit.fit), Route(.post, "/v1/inspect", fit.inspect),
            Route(.get, "/v1/profiles", fit.profiles),
            Route(.post, "/shrink", shrink.shrink), Route(.get, "/output/{key}", shrink.output),
            Route(.post, "/output/{key}", shrink.convert),
            Route(.get, "/livez", health.live), Route(.get, "/readyz", health.ready),
            Route(.get, "/metrics", health.scrape),
        ]
        var routes = pages
        if let ledger {
            routes += Self.ledgerRoutes(ledger, jobs?.daemon, readiness, configuration)
        } else {
            routes += Self.routesWithoutJobs
        }
        desk = jobs.map { UploadDesk($0, configuration) }
        if let jobs { routes += Self.jobRoutes(jobs, reader) }
        if let desk { routes += UploadRoutes(desk: desk).routes }
        self.routes = routes
        responder = Routes.responder(
            routes,
            behind: [
                OutcomeMiddleware(metrics: metrics), OriginMiddleware(configuration),
                TokenMiddleware(token: configuration.token), MethodMiddleware(),
            ])
    }

    /// The addresses that need a ledger.
    private static func ledgerRoutes(
        _ ledger: any LedgerStore, _ daemon: Daemon?, _ readiness: Readiness, _ configuration: ServerConfiguration
    ) -> [Route] {
        let jobs = JobRoutes(ledger: ledger, daemon: daemon)
        let events = EventRoutes(
            ledger: ledger, daemon: daemon, readiness: readiness, period: configuration.eventPeriod)
        return [
            Route(.get, "/v1/jobs", jobs.list), Route(.get, "/v1/jobs/{id}", jobs.show),
            Route(.delete, "/v1/jobs/{id}", jobs.cancel), Route(.post, "/v1/jobs/{id}/{action}", jobs.decide),
            Route(.post, "/v1/jobs/all/{action}", jobs.decideAll), Route(.get, "/v1/books", jobs.books),
            Route(.get, "/v1/hosts", jobs.hosts),
            Route(.post, "/v1/pauses", jobs.hold), Route(.delete, "/v1/pauses", jobs.hold),
            Route(.get, "/v1/events", events.events),
        ]
    }

    /// The addresses of jobs on a server that takes none: each says so.
    private static var routesWithoutJobs: [Route] {
        let answer: @Sendable (Request, ServerContext) async throws -> Response = { _, _ in
            throw ServiceError(
                .notFound, "no_jobs", "this server was started without jobs; start it without --no-jobs to have them")
        }
        let reading = [
            "/v1/jobs/{id}", "/v1/jobs/{id}/result", "/v1/pipelines", "/v1/books", "/v1/hosts", "/v1/events",
        ]
        return reading.map { Route(.get, $0, answer) }
            + ["/v1/jobs", "/v1/uploads", "/v1/pauses"].flatMap { path in
                [.get, .post].map { Route($0, path, answer) }
            }
    }

    /// The addresses that need a daemon.
    private static func jobRoutes(_ jobs: ServerJobs, _ reader: BodyReader) -> [Route] {
        let (submissions, results) = (SubmissionRoutes(jobs: jobs, reader: reader), ResultRoutes(jobs: jobs))
        return [
            Route(.post, "/v1/jobs", submissions.submit), Route(.get, "/v1/pipelines", submissions.pipelines),
            Route(.get, "/v1/jobs/{id}/result", results.result),
        ]
    }
}
