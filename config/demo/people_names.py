"""Given and family names from which the people without a part in the story are put together. All are invented."""

GIVEN = tuple(
    """Aaliyah Abel Adela Agnes Ahmed Aiko Alma Amir Ana Andrei Anika Arjun Astrid Ayo Beatriz Bilal Bruno Camille Chen
    Cosmin Dalia Dario Deepa Diego Edith Ekow Elena Emeka Emre Esther Farah Felix Fiona Francisca Gabriel Georgi
    Hamid Hana Hugo Ibrahim Ilse Imani Irina Isaac Ivana Jana Javier Jelena Joao Jonas Kamala Karim Katya Kenji
    Kwame Laila Lars Leticia Linh Lucia Magnus Malik Maren Marisol Milan Mina Miriam Nadim Naomi Niko Noelle Obi
    Odile Omar Paloma Pavel Petra Quynh Rachel Rania Rasmus Rosa Rui Sadia Salma Sanjay Selma Sergio Shira Sipho
    Stefan Sunita Tariq Teresa Thandi Timo Ulla Vanja Vera Viktor Wanda Xavi Yasmin Yohan Zainab Zofia""".split()
)

FAMILY = tuple(
    """Abernathy Achebi Adomako Alvestad Amundi Aradottir Asante Bakari Balogh Banik Barrowby Belkacem Bergstad
    Bianchetti Borodai Brankov Caldeira Carrasq Chaudhari Cisneral Cordeiro Dalgaard Danjuma Delacourt Desmarais
    Dobrev Dragic Ebeling Eklof Elmasry Esposti Fadel Fairbairn Ferreiro Fjeldstad Forsgren Galvan Gasparyan
    Ghorbani Gronholt Guerreiro Haddou Halasz Hartvig Hasegawa Hollanda Ibarra Idowu Ilves Jabari Janecek Jorstad
    Kamdar Karlovic Kasongo Kealoha Kimura Kovarik Kurtuldu Lacroix Lafarge Lindqvall Lopatin Madsbakk Makinde
    Malhotri Marquand Mbeki-Ross Mehrani Mikkola Moreira Mwangi Nakagiri Ndiaye Nkemelu Novotna Nwosu Oduya Okonjo
    Olafsen Ortueta Osterby Paszek Peltonen Pereyra Pillay Quintal Radovan Rahmani Rautio Rosendahl Saidova
    Sakellari Salvadori Sandoval Sarkis Sepulveda Shirazi Sithole Skovgaard Stavrou Szalai Tahirov Takeda Tanwar
    Tervo Thorvald Traore Uchenna Ugarte Vasquell Vermeer Villanova Wachira Westergren Wolanski Yamaguti Yilmazer
    Zapata Zelenka Zondi""".split()
)
