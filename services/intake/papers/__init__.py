"""What is drawn for paper by typst: one template for each kind of sheet, its words as data."""
