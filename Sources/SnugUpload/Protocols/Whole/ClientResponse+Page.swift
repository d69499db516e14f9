// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem

// Responses that were made for a browser.
extension ClientResponse {
    /// True for a success whose body is a page, or the beginning of one. XML for programs is none.
    var isWebPage: Bool {
        let start = Array(body.prefix(ContentSignature.byteCount))
        guard isSuccess, ContentSignature(start) == .html else { return false }
        let text = String(decoding: start, as: UTF8.self).lowercased()
        return ["<html", "<!doctype html"].contains(where: text.contains)
            || headerFields[.contentType]?.lowercased().hasPrefix("text/html") == true
    }

    /// True for a page where a server says nothing about a file that was put: one that has created or replaced it says so
    /// with 201 or 204, and some with a page about it.
    var isPageInstead: Bool { status == 200 && isWebPage }

    /// True for a page with a field for a password.
    var asksForPassword: Bool {
        guard isWebPage else { return false }
        let text = String(decoding: body, as: UTF8.self).lowercased()
        return ["type=\"password\"", "type='password'", "type=password"].contains(where: text.contains)
    }

    /// True for a redirect to what a browser would show after a form, whatever became of it. RFC 9110 §15.4
    var pointsToPage: Bool { status == 302 || status == 303 }

    /// The page of the response in words, to follow its status.
    var shownPage: String {
        if asksForPassword { return " and a page that asks for a password" }
        if isWebPage { return " and a web page" }
        return pointsToPage ? redirectTarget.map { ", which points to \($0)" } ?? "" : ""
    }
}
