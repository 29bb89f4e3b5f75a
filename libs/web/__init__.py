"""What every page is built on: layout, form parts, assets, languages, the panel for people who see badly, safe headers.

It only presents: it knows no service, no event and no store, and is handed every fact it shows.
Russian is the source of all texts; `translations/en.po` here and beside each set of pages holds the English.
"""
