// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugTestSupport
import Testing

@testable import SnugServer

@Suite struct PageRouteTests {
    @Test("The page loads its own parts and nothing from elsewhere, and each part is there with its type")
    func parts() async throws {
        let token = try BearerToken("0123456789abcdef")
        try await withServer({ $0.token = token }) { server in
            let page = try await server.send("/")
            #expect(page["content-type"] == "text/html; charset=utf-8")
            #expect(page["content-security-policy"]?.contains("script-src 'self'") == true)
            var files = [page.text]
            var seen: Set<String> = []
            while let text = files.popLast() {
                #expect(!text.contains(/(?:src|href)="(?:https?:)?\/\//))
                #expect(!text.contains(/\son[a-z]+="/), "no scripts in attributes")
                #expect(!text.contains(/<[^>]*\sstyle=/), "no styles in attributes")
                for match in text.matches(of: /["'](?:\/assets|\.)\/([a-z-]+\.[a-z]+)["']/)
                where seen.insert(String(match.output.1)).inserted {
                    let part = try await server.send("/assets/\(match.output.1)")
                    #expect(part.status == 200, "\(match.output.1)")
                    files.append(part.text)
                    let type = ["js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"][
                        match.output.1.split(separator: ".").last.map(String.init) ?? ""]
                    #expect(part["content-type"]?.hasPrefix(type ?? "none") == true)
                }
            }
            #expect(seen == Set(PageRoutes.partNames), "every part is used, and none is missing")
            // What is no part of the page is not open.
            #expect(try await server.send("/assets/../index.html").status == 401)
            #expect(try await server.send("/assets/none.js").status == 404)
        }
    }

    @Test("Every field of the page's form is a parameter of a fit, with values that it takes")
    func fields() async throws {
        try await withServer { server in
            let page = try await server.send("/").text
            let form = try #require(page.firstMatch(of: /<form id="options".*?<\/form>/.dotMatchesNewlines()))
            let names = form.output.matches(of: /name="([a-z-]+)"/).map { String($0.output.1) }
            #expect(names.count == 6)
            #expect(Set(names).isSubset(of: Set(FitParameter.names)))
            for match in form.output.matches(of: /<option value="([a-z]+)"/) {
                #expect(try FitOrder([("format", String(match.output.1))]).policy.format.rawValue == match.output.1)
            }
        }
    }

    @Test("Every label names a field, and every image has a text")
    func labels() async throws {
        try await withServer { server in
            let page = try await server.send("/").text
            let ids = Set(page.matches(of: /\bid="([a-z-]+)"/).map { String($0.output.1) })
            for match in page.matches(of: /(?:for|aria-labelledby)="([a-z -]+)"/) {
                for id in match.output.1.split(separator: " ") { #expect(ids.contains(String(id)), "\(id)") }
            }
            for match in page.matches(of: /<img [^>]*>/) { #expect(match.output.contains("alt=")) }
            for name in PageRoutes.partNames where name.hasSuffix(".js") {
                let script = try await server.send("/assets/\(name)").text
                for match in script.matches(of: /(?:byId|getElementById)\("([a-z-]+)"\)/) {
                    #expect(ids.contains(String(match.output.1)), "\(name): \(match.output.1)")
                }
            }
        }
    }
}
