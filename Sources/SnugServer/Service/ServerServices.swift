// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import SnugImage
import SnugLedger
import SystemPackage

/// The parts of a server, put together.
struct ServerServices: Sendable {
    let readiness: Readiness
    /// Every address that is served.
    let routes: [Route]
    let responder: RouterResponder<ServerContext>

    init(
        _ configuration: ServerConfiguration, fitter: ImageFitter, registry: PrometheusRegistry,
        ledger: (any LedgerStore)?, folder: FilePath?
    ) {
        let metrics = ServerMetrics(factory: registry)
        let queue = AdmissionQueue(
            workers: fitter.configuration.threads, length: configuration.queueLength,
            timeout: configuration.queueTimeout)
        let receiving = ReceivingBudget(total: max(configuration.receivingBytes, configuration.maximumBodyBytes))
        let reader = BodyReader(maximumBytes: configuration.maximumBodyBytes, budget: receiving)
        readiness = Readiness(ledger: ledger, folder: folder, minimumDiskBytes: configuration.minimumDiskBytes)
        let work = FitWork(fitter: fitter, queue: queue, metrics: metrics, timeout: configuration.fitTimeout)
        let fit = FitRoutes(reader: reader, work: work)
        let shrink = ShrinkRoutes(
            reader: reader, work: work,
            store: ResultStore(maximumBytes: configuration.resultBytes, maximumAge: configuration.resultAge))
        let health = HealthRoutes(
            readiness: readiness, registry: registry, metrics: metrics, queue: queue, receiving: receiving,
            fitter: fitter)
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
        if let ledger {
            routes = pages + Self.jobRoutes(ledger, readiness, configuration)
        } else {
            routes = pages
        }
        responder = Routes.responder(
            routes,
            behind: [
                OutcomeMiddleware(metrics: metrics), OriginMiddleware(configuration),
                TokenMiddleware(token: configuration.token),
            ])
    }

    /// The addresses that need a ledger.
    private static func jobRoutes(
        _ ledger: any LedgerStore, _ readiness: Readiness, _ configuration: ServerConfiguration
    ) -> [Route] {
        let jobs = JobRoutes(ledger: ledger)
        let events = EventRoutes(ledger: ledger, readiness: readiness, period: configuration.eventPeriod)
        return [
            Route(.get, "/v1/jobs", jobs.list), Route(.get, "/v1/jobs/{id}", jobs.show),
            Route(.delete, "/v1/jobs/{id}", jobs.cancel), Route(.post, "/v1/jobs/{id}/{action}", jobs.decide),
            Route(.post, "/v1/jobs/all/{action}", jobs.decideAll), Route(.get, "/v1/books", jobs.books),
            Route(.post, "/v1/pauses", jobs.hold), Route(.delete, "/v1/pauses", jobs.hold),
            Route(.get, "/v1/events", events.events),
        ]
    }
}
