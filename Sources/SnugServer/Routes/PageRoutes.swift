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
    private let assets: [String: (type: String, content: ByteBuffer)] = [
        "page.css": ("text/css; charset=utf-8", ByteBuffer(bytes: PackageResources.page_css)),
        "page.js": (script, ByteBuffer(bytes: PackageResources.page_js)),
        "api.js": (script, ByteBuffer(bytes: PackageResources.api_js)),
        "items.js": (script, ByteBuffer(bytes: PackageResources.items_js)),
        "compare.js": (script, ByteBuffer(bytes: PackageResources.compare_js)),
        "zip.js": (script, ByteBuffer(bytes: PackageResources.zip_js)),
        "icon.svg": ("image/svg+xml", ByteBuffer(bytes: PackageResources.icon_svg)),
    ]

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
