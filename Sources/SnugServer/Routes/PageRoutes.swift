// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore

/// The page and its parts, and the description of the API: files of the module, as they are in its sources.
struct PageRoutes: Sendable {
    /// Addresses that need no token, because these files are the same for everybody.
    static let paths: Set<String> = ["/", "/assets/{name}", "/openapi.yaml"]

    /// Content that the page may load: its own parts, the API of this server, and images that it has made itself.
    static let contentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static let html = "text/html; charset=utf-8"
    private static let script = "text/javascript; charset=utf-8"

    private let index = ByteBuffer(bytes: PackageResources.index_html)
    private let api = ByteBuffer(bytes: PackageResources.openapi_yaml)
    private let assets: [String: (type: String, content: ByteBuffer)] =
        Self.assets(scripts, script).merging(Self.assets(styles, "text/css; charset=utf-8")) { $1 }
        .merging(Self.assets(["icon.svg": PackageResources.icon_svg], "image/svg+xml")) { $1 }

    private static let styles: [String: [UInt8]] = [
        "base.css": PackageResources.base_css,
        "compare.css": PackageResources.compare_css,
        "fit.css": PackageResources.fit_css,
        "jobs.css": PackageResources.jobs_css,
    ]

    private static let scripts: [String: [UInt8]] = [
        "adding.js": PackageResources.adding_js,
        "announcer.js": PackageResources.announcer_js,
        "api.js": PackageResources.api_js,
        "ask.js": PackageResources.ask_js,
        "compare.js": PackageResources.compare_js,
        "elements.js": PackageResources.elements_js,
        "event-stream.js": PackageResources.event_stream_js,
        "fit-item.js": PackageResources.fit_item_js,
        "fit-options.js": PackageResources.fit_options_js,
        "fit-pipelines.js": PackageResources.fit_pipelines_js,
        "fit-queue.js": PackageResources.fit_queue_js,
        "fit-view.js": PackageResources.fit_view_js,
        "job-actions.js": PackageResources.job_actions_js,
        "job-conditions.js": PackageResources.job_conditions_js,
        "job-deciding.js": PackageResources.job_deciding_js,
        "job-detail.js": PackageResources.job_detail_js,
        "job-filter.js": PackageResources.job_filter_js,
        "job-folders.js": PackageResources.job_folders_js,
        "job-hosts.js": PackageResources.job_hosts_js,
        "job-list.js": PackageResources.job_list_js,
        "job-problems.js": PackageResources.job_problems_js,
        "job-result.js": PackageResources.job_result_js,
        "job-row.js": PackageResources.job_row_js,
        "jobs-view.js": PackageResources.jobs_view_js,
        "page.js": PackageResources.page_js,
        "preview.js": PackageResources.preview_js,
        "rates.js": PackageResources.rates_js,
        "report.js": PackageResources.report_js,
        "saving.js": PackageResources.saving_js,
        "stage.js": PackageResources.stage_js,
        "theme.js": PackageResources.theme_js,
        "thumbnails.js": PackageResources.thumbnails_js,
        "token.js": PackageResources.token_js,
        "words.js": PackageResources.words_js,
        "zip.js": PackageResources.zip_js,
    ]

    /// The names of all parts.
    static var partNames: [String] { Array(styles.keys) + scripts.keys + ["icon.svg"] }

    private static func assets(
        _ files: [String: [UInt8]], _ type: String
    ) -> [String: (type: String, content: ByteBuffer)] {
        files.mapValues { (type, ByteBuffer(bytes: $0)) }
    }

    /// The page.
    @Sendable func page(_ request: Request, _ context: ServerContext) async throws -> Response {
        Self.response(Self.html, index)
    }

    /// A part of the page.
    @Sendable func asset(_ request: Request, _ context: ServerContext) async throws -> Response {
        guard let asset = assets[context.parameters.get("name") ?? ""] else {
            throw ServiceError(.notFound, "no_such_route", "the page has no such part")
        }
        return Self.response(asset.type, asset.content)
    }

    /// The description of the API.
    @Sendable func description(_ request: Request, _ context: ServerContext) async throws -> Response {
        Self.response("application/yaml; charset=utf-8", api)
    }

    private static func response(_ type: String, _ content: ByteBuffer) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type, .contentSecurityPolicy: contentPolicy, .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: content))
    }
}
